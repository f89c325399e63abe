import { badRequest } from '../odata/refusal.ts'
import type { Pbx } from '../model/pbx.ts'
import { answer, callIn, callOut, noAnswer, press, reject, transfer } from './acts.ts'
import { holderOf, participantsOf, type Call } from './call.ts'
import { endCall } from './calls.ts'
import { FORCEABLE, type When } from './hours.ts'
import type { Step } from './script.ts'
import { textOf } from '../model/text.ts'

const text = (step: Step, word: string): string | null =>
  step[word] === undefined ? null : String(step[word])

/** When a call happens: hours by their name, `clock` for the PBX's own, or an instant by whose hours it is treated. */
function whenOf(pbx: Pbx, step: Step): When {
  const words = text(step, 'hours') ?? 'office'
  const forced = FORCEABLE.find((hours) => hours === words)
  if (forced) return forced
  const at = words === 'clock' ? pbx.calls.now() : Date.parse(words)
  if (Number.isNaN(at)) throw badRequest(`hours is ${FORCEABLE.join(', ')}, clock or an instant.`)
  return at
}

/** Does one step now. `known` holds the calls of a script by their names. */
export function playStep(pbx: Pbx, step: Step, known: Map<string, Call>): void {
  const isRecorded = ['yes', 'true', '1'].includes(text(step, 'record') ?? '')
  if (step.do === 'inbound') {
    const did = text(step, 'to') ?? firstDid(pbx)
    const call = callIn(pbx, {
      name: step.call,
      from: text(step, 'from') ?? '',
      callerName: text(step, 'name') ?? '',
      did,
      to: text(step, 'via'),
      on: text(step, 'trunk'),
      when: whenOf(pbx, step),
      isRecorded,
    })
    known.set(step.call, call)
    return
  }
  if (step.do === 'outbound' || step.do === 'internal') {
    const [from, to] = [text(step, 'from') ?? '', text(step, 'to') ?? '']
    known.set(step.call, callOut(pbx, { name: step.call, from, to, isRecorded, when: whenOf(pbx, step) }))
    return
  }
  const call = known.get(step.call)
  if (!call) throw badRequest(`No call is named ${step.call}.`)
  if (call.endedAt === null) playOn(pbx, step, call)
}

function firstDid(pbx: Pbx): string {
  const rule = pbx.store.rows('InboundRules').find((one) => one.Condition === 'BasedOnDID')
  return textOf(rule?.Data)
}

function playOn(pbx: Pbx, step: Step, call: Call): void {
  switch (step.do) {
    case 'answer':
      answer(pbx, call, text(step, 'by'))
      return
    case 'transfer':
      return transfer(pbx, call, text(step, 'to') ?? '')
    case 'press':
      return press(pbx, call, text(step, 'digits') ?? '')
    case 'reject': {
      const by = text(step, 'by')
      const rung = participantsOf(call, 'Ringing').find((one) => by === null || one.dn === by)
      if (rung) reject(pbx, call, rung)
      return
    }
    case 'noanswer':
      return noAnswer(pbx, call)
    case 'hangup': {
      const by = text(step, 'by') ?? 'caller'
      return endCall(
        pbx,
        call,
        by === 'caller' || (by !== 'callee' && holderOf(call)?.dn !== by) ? 'caller' : 'callee',
      )
    }
    case 'miss':
      return endCall(pbx, call, 'caller')
    case 'inbound':
    case 'outbound':
    case 'internal':
  }
}

/**
 * Plays a script. At once, it moves the PBX's clock along with the steps; otherwise every step waits for its time.
 * Resolves after the last step; a step that is impossible rejects.
 */
export function playScript(pbx: Pbx, steps: readonly Step[], atOnce: boolean): Promise<Call[]> {
  const known = new Map<string, Call>()
  const ordered = steps.toSorted((a, b) => a.at - b.at)
  if (atOnce) {
    let at = 0
    return (async () => {
      for (const step of ordered) {
        pbx.clock.advance(step.at - at)
        at = step.at
        playStep(pbx, step, known)
      }
      return [...known.values()]
    })()
  }
  return new Promise((resolve, reject) => {
    const next = (index: number, before: number): void => {
      const step = ordered[index]
      if (!step) return resolve([...known.values()])
      pbx.later(step.at - before, () => {
        try {
          playStep(pbx, step, known)
          next(index + 1, step.at)
        } catch (error) {
          reject(error)
        }
      })
    }
    next(0, 0)
  })
}
