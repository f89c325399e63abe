/** Where "now" comes from: instants in ms UTC. Tests hand the hub a clock they can move. */
export type Clock = { now(): number }

export const systemClock: Clock = { now: () => Date.now() }
