import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LEASE_MS, newWorkPlace, startWorkProcess, type WorkPlace } from '../../../test/work-hubs.ts'
import { onEachStore } from '../../../test/stores.ts'
import { until } from '../../../test/wire.ts'
import type { Tx } from '../database/store.ts'
import { addTask } from './add.ts'
import { ComeBack, GiveUp, LeaseLost, NotYet, type NewTask, type Task, type Work } from './work.ts'

const HOUR = 3_600_000
const soon = { firstMs: 1, longestMs: 1 }

/** Adds a task as any room would. */
const addTo = (
  { store, tenantId }: Pick<WorkPlace, 'store' | 'tenantId'>,
  work: Work,
  task: Omit<NewTask, 'tenantId'>,
) => store.transact((tx) => work.add(tx as never, { tenantId, ...task }))

onEachStore('work', (engine) => {
  test('a task is created in the transaction of its cause: rolled back it was never there, committed it runs at once', async (t) => {
    const place = await newWorkPlace(t, engine)
    const ran = Promise.withResolvers<Task<{ customer: number }>>()
    // No look for what is due comes in time: only the commit itself can wake this hub.
    const { work } = await place.hub(
      (of) => of.handle<{ customer: number }>({ kind: 'call', run: async (task) => ran.resolve(task) }),
      { pollMs: 10 * HOUR },
    )
    const failing = place.store.transact(async (tx) => {
      await work.add(tx as never, { tenantId: 1, kind: 'call', payload: { customer: 1 } })
      throw new Error('the cause failed')
    })
    await assert.rejects(failing, /the cause failed/)
    assert.deepEqual(await place.rows(), [])
    await addTo(place, work, { kind: 'call', payload: { customer: 2 } })
    const task = await ran.promise
    assert.deepEqual([task.payload, task.attempt, task.tenantId], [{ customer: 2 }, 1, 1])
    await until('done tasks are gone', async () => (await place.rows()).length === 0)
  })

  test('a task that another hub adds is found, and only by a hub that knows how to do it', async (t) => {
    const place = await newWorkPlace(t, engine)
    const ran = Promise.withResolvers<string>()
    const adding = await place.hub((of) =>
      of.handle({ kind: 'other', run: async () => assert.fail('not this') }),
    )
    await place.hub((of) => of.handle({ kind: 'call', run: async () => ran.resolve('here') }))
    await addTo(place, adding.work, { kind: 'call' })
    assert.equal(await ran.promise, 'here')
  })

  test('of tasks with one name there is one; asked for again while it runs, it runs once more', async (t) => {
    const place = await newWorkPlace(t, engine)
    const begun: unknown[] = []
    const going = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const hub = await place.hub(
      (of) =>
        of.handle({
          kind: 'sync',
          attempts: 1,
          async run({ payload }) {
            const turn = going[begun.push(payload) - 1]
            await turn?.promise
            if (begun.length === 3) throw new Error('no')
          },
        }),
      { pollMs: 20 },
    )
    const add = async (n: number, again: boolean) =>
      (await addTo(place, hub.work, { kind: 'sync', unique: 'host 5', again, payload: { n } })).value
    const id = await add(1, false)
    await until('it runs', async () => begun.length === 1)
    assert.equal(await add(2, false), null, 'there already')
    assert.equal(await add(3, true), id)
    going[0]?.resolve()
    await until('it runs once more', async () => begun.length === 2)
    assert.deepEqual(begun, [{ n: 1 }, { n: 3 }], 'with what the last one asked for')
    going[1]?.resolve()
    await until('it is done', async () => (await place.rows()).length === 0)
    await add(4, true)
    await until('it is dead', async () => (await place.rows())[0]?.dead_at !== null)
    assert.equal(await add(5, false), null, 'a dead one is there too')
    await add(6, true)
    await until('it came back to life', async () => begun.length === 4)
    assert.deepEqual(begun.at(-1), { n: 6 })
  })

  test('three hubs share the tasks: each is done once', async (t) => {
    const place = await newWorkPlace(t, engine)
    const done: number[] = []
    const hubs = await Promise.all(
      [1, 2, 3].map(() =>
        place.hub((of) =>
          of.handle<{ n: number }>({
            kind: 'count',
            async run(task) {
              await new Promise((resolve) => setImmediate(resolve))
              done.push(task.payload.n)
            },
          }),
        ),
      ),
    )
    await Promise.all(
      hubs.map(async ({ work }, hub) => {
        for (let n = hub; n < 90; n += 3) await addTo(place, work, { kind: 'count', payload: { n } })
      }),
    )
    await until('all are done', async () => (await place.rows()).length === 0)
    assert.deepEqual(
      done.toSorted((a, b) => a - b),
      Array.from({ length: 90 }, (_, n) => n),
    )
  })

  test('a schedule runs once for each moment, however many hubs there are', async (t) => {
    const place = await newWorkPlace(t, engine)
    const moments: number[] = []
    const plan = (of: Work, { store }: { store: WorkPlace['store'] }) =>
      of.plan({
        kind: 'tick',
        schedule: { everyMs: 30 },
        async run(task) {
          moments.push(task.dueAt)
          // The moment is the row's key: a second run for it would fail.
          await store.transact(async (tx) => {
            await tx.db
              .insertInto('meta')
              .values({ name: `tick ${task.dueAt}`, value: '' })
              .execute()
            if (moments.length % 2 === 0) await task.finish(tx as never)
          })
        },
      })
    const hubs = await Promise.all([1, 2, 3].map(() => place.hub(plan)))
    await until('a dozen moments', async () => moments.length >= 12)
    await Promise.all(hubs.map(({ work }) => work.close()))
    assert.equal(new Set(moments).size, moments.length)
    const [first = 0] = moments
    for (const moment of moments) assert.equal((moment - first) % 30, 0, 'on the grid of the first one')
    const rows = await place.rows()
    assert.deepEqual([rows.length, rows[0]?.last_error, rows[0]?.attempts], [1, null, 0])
  })

  test('what was missed while no hub ran is made up for once, and a schedule described anew is due at once', async (t) => {
    const place = await newWorkPlace(t, engine)
    const ran: string[] = []
    const plan = (name: string, everyMs: number) => (of: Work) =>
      of.plan({
        kind: 'daily',
        schedule: { everyMs },
        payload: { name },
        run: async () => void ran.push(name),
      })
    const first = await place.hub(plan('first', 24 * HOUR))
    await until('it ran when it was new', async () => ran.length === 1)
    await until('and is over', async () => (await place.rows())[0]?.lease_owner === null)
    await first.work.close()
    const [row] = await place.rows()
    const tenDaysAgo = (row?.due_at ?? 0) - 11 * 24 * HOUR
    await place.set({ due_at: tenDaysAgo, ready_at: tenDaysAgo })
    const second = await place.hub(plan('first', 24 * HOUR))
    await until('it is made up for', async () => (await place.rows())[0]?.due_at === row?.due_at)
    assert.deepEqual(ran, ['first', 'first'])
    await second.work.close()
    await place.hub(plan('second', 24 * HOUR))
    await until('the new one ran', async () => ran.length === 3)
    assert.equal(ran[2], 'second')
    assert.equal((await place.rows()).length, 1)
  })

  test('a failed task is tried again after a pause, then it is dead, with the reason and without numbers', async (t) => {
    const place = await newWorkPlace(t, engine)
    const attempts: number[] = []
    const { work } = await place.hub((of) => {
      of.handle({
        kind: 'flaky',
        attempts: 3,
        backOff: soon,
        async run({ attempt }) {
          attempts.push(attempt)
          throw new Error('no answer from +33 6 28 77 38 62, token=s3cret')
        },
      })
      of.handle({ kind: 'hopeless', run: async () => Promise.reject(new GiveUp('410 gone')) })
      of.handle({ kind: 'busy', run: async () => Promise.reject(new ComeBack('429', HOUR)) })
    })
    await addTo(place, work, { kind: 'flaky' })
    await addTo(place, work, { kind: 'hopeless' })
    await addTo(place, work, { kind: 'busy' })
    await until('all three have failed', async () => {
      const rows = await place.rows()
      return rows.filter((row) => row.dead_at !== null).length === 2 && rows[2]?.failed_at !== null
    })
    const [flaky, hopeless, busy] = await place.rows()
    assert.deepEqual(attempts, [1, 2, 3])
    assert.deepEqual([flaky?.attempts, flaky?.ready_at, hopeless?.attempts], [3, null, 1])
    assert.match(flaky?.last_error ?? '', /^Error: no answer from \+33\*+62, token=\*\*\*$/)
    assert.equal(hopeless?.last_error, 'GiveUp: 410 gone')
    assert.ok((busy?.ready_at ?? 0) >= (busy?.failed_at ?? 0) + HOUR, 'not before the other side said')
    await work.redrive(
      { kind: 'system', id: null, name: 'x', tenantId: 1, requestId: null, address: null },
      flaky!.id,
    )
    await until('redriven, it has all its attempts again', async () => attempts.length === 6)
    assert.deepEqual(attempts.slice(3), [1, 2, 3])
  })

  test('a schedule that fails goes on at its next moment', async (t) => {
    const place = await newWorkPlace(t, engine)
    let runs = 0
    await place.hub((of) =>
      of.plan({
        kind: 'tick',
        schedule: { everyMs: 25 },
        attempts: 1,
        async run() {
          if (++runs < 3) throw new Error('not yet')
        },
      }),
    )
    await until('it went on', async () => runs >= 4)
    await until('and forgot the failure', async () => (await place.rows())[0]?.last_error === null)
  })

  test('as many tasks of one key at once as it allows, on all hubs together, and it holds back no other', async (t) => {
    const place = await newWorkPlace(t, engine)
    const now = new Map<string, number>()
    const most = new Map<string, number>()
    const blocked = Promise.withResolvers<void>()
    const other = Promise.withResolvers<void>()
    const prepare = (of: Work) => {
      of.handle<{ key: string }>({
        kind: 'visit',
        async run({ payload: { key } }) {
          now.set(key, (now.get(key) ?? 0) + 1)
          most.set(key, Math.max(most.get(key) ?? 0, now.get(key) ?? 0))
          await new Promise((resolve) => setTimeout(resolve, 2))
          now.set(key, (now.get(key) ?? 0) - 1)
        },
      })
      of.handle({ kind: 'block', run: () => blocked.promise })
      of.handle({ kind: 'other', run: async () => other.resolve() })
    }
    const hubs = await Promise.all([1, 2, 3].map(() => place.hub(prepare)))
    const { work } = hubs[0]!
    await place.store.transact(async (tx) => {
      const add = (task: Omit<NewTask, 'tenantId'>) => work.add(tx as never, { tenantId: 1, ...task })
      for (let i = 0; i < 12; i++)
        for (const [key, atOnce] of [
          ['a', 1],
          ['b', 1],
          ['c', 2],
        ] as const)
          await add({ kind: 'visit', key, atOnce, payload: { key } })
    })
    await until('all are done', async () => (await place.rows()).length === 0)
    assert.deepEqual(
      ['a', 'b'].map((key) => most.get(key)),
      [1, 1],
    )
    assert.ok((most.get('c') ?? 0) <= 2)
    await place.store.transact(async (tx) => {
      for (let i = 0; i < 60; i++) await work.add(tx as never, { tenantId: 1, kind: 'block', key: 'host' })
      await work.add(tx as never, { tenantId: 1, kind: 'other' })
    })
    await other.promise
    blocked.resolve()
  })

  test('a task of a hub that was killed is taken over after its lease', async (t) => {
    const place = await newWorkPlace(t, engine)
    const { child, said } = startWorkProcess(t, place.address)
    assert.equal((await said.next()).value, 'ready')
    await place.store.transact((tx) =>
      tx.db.insertInto('meta').values({ name: 'cause', value: '' }).execute(),
    )
    const taken = Promise.withResolvers<Task>()
    const idle = await place.hub(() => {})
    const { value: id } = await addTo(place, idle.work, { kind: 'hang' })
    assert.equal((await said.next()).value, `begun ${id}`)
    child.kill('SIGKILL')
    await place.hub((of) => of.handle({ kind: 'hang', run: async (task) => taken.resolve(task) }))
    const task = await taken.promise
    assert.deepEqual([task.id, task.attempt], [id, 2])
    await until('it is done', async () => (await place.rows()).length === 0)
  })

  const onPostgres = engine === 'postgres' ? test : null
  // SQLite's writers take turns.
  void onPostgres?.(
    'a hub that renews its leases and whoever adds several of their tasks again never wait for each other',
    async (t) => {
      const place = await newWorkPlace(t, engine)
      const begun: string[] = []
      const end = Promise.withResolvers<void>()
      const hub = await place.hub(
        (of) =>
          of.handle<{ name: string }>({
            kind: 'send',
            async run({ payload }) {
              begun.push(payload.name)
              await end.promise
            },
          }),
        { leaseMs: LEASE_MS },
      )
      const task = (name: string) => ({ kind: 'send', unique: name, again: true, payload: { name } })
      for (const name of ['one', 'two']) await addTo(place, hub.work, task(name))
      await until('both run', async () => begun.length === 2)
      const leaseOfOne = async () =>
        (await place.rows()).find((row) => row.unique_key === 'one')?.ready_at ?? 0
      await place.store.transact(async (tx) => {
        await hub.work.add(tx as never, { tenantId: 1, ...task('two') })
        const before = await leaseOfOne()
        await until('the other lease is renewed', async () => (await leaseOfOne()) > before)
        await hub.work.add(tx as never, { tenantId: 1, ...task('one') })
      })
      end.resolve()
      await until('both have run again', async () => (await place.rows()).length === 0)
      assert.deepEqual(
        begun.slice(2).toSorted((one, other) => one.localeCompare(other)),
        ['one', 'two'],
      )
    },
  )

  test('where no other hub can be, what a killed one had begun is due at the start of the next', async (t) => {
    const place = await newWorkPlace(t, engine)
    const ran = Promise.withResolvers<number>()
    await place.store.transact((tx) => addTask(tx as never, { tenantId: 1, kind: 'call' }))
    await place.set({ lease_owner: 'the killed one', ready_at: Date.now() + HOUR, claims: 1, attempts: 1 })
    const handler = { kind: 'call', run: async (task: Task) => ran.resolve(task.attempt) }
    await place.hub((of) => of.handle(handler), { alone: true })
    assert.equal(await ran.promise, 2, 'the attempt of the killed one counts')
  })

  test('a handler that has more to do later is called again as if for the first time, at once when asked for meanwhile', async (t) => {
    const place = await newWorkPlace(t, engine)
    const attempts: number[] = []
    const going = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const hub = await place.hub((of) =>
      of.handle({
        kind: 'send',
        attempts: 1,
        async run({ attempt }) {
          const turn = attempts.push(attempt)
          if (turn <= 2) await going[turn - 1]?.promise
          if (turn < 4) throw new NotYet(turn === 3 ? 1 : HOUR)
        },
      }),
    )
    const add = () => addTo(place, hub.work, { kind: 'send', unique: 'one', again: true })
    await add()
    await until('it runs', async () => attempts.length === 1)
    await add()
    going[0]?.resolve()
    await until('it runs once more', async () => attempts.length === 2)
    going[1]?.resolve()
    await until('it waits', async () => (await place.rows())[0]?.lease_owner === null)
    const [waiting] = await place.rows()
    assert.ok((waiting?.ready_at ?? 0) > Date.now() + HOUR / 2)
    assert.deepEqual([waiting?.attempts, waiting?.last_error, waiting?.dead_at], [0, null, null])
    await add()
    await until('it is done', async () => (await place.rows()).length === 0)
    assert.deepEqual(attempts, [1, 1, 1, 1])
  })

  test('a task that is dropped never runs, and who is at work on it can complete nothing', async (t) => {
    const place = await newWorkPlace(t, engine)
    const begun = Promise.withResolvers<void>()
    const dropped = Promise.withResolvers<void>()
    const told = Promise.withResolvers<unknown>()
    const hub = await place.hub((of, { store }) =>
      of.handle({
        kind: 'call',
        async run(task) {
          begun.resolve()
          await dropped.promise
          const finishing = store.transact((tx) => task.finish(tx as never))
          await finishing.catch((error: unknown) => {
            told.resolve(error)
            throw error
          })
        },
      }),
    )
    const name = { tenantId: 1, kind: 'call', unique: 'one' }
    const drop = () => place.store.transact((tx) => hub.work.drop(tx as never, name))
    await addTo(place, hub.work, { ...name, afterMs: HOUR })
    await addTo(place, hub.work, { ...name, unique: 'two', afterMs: HOUR })
    await drop()
    const left = await place.rows()
    assert.deepEqual(
      left.map((row) => row.unique_key),
      ['two'],
    )
    await addTo(place, hub.work, name)
    await begun.promise
    await drop()
    dropped.resolve()
    assert.ok((await told.promise) instanceof LeaseLost)
    assert.equal((await place.rows()).length, 1)
  })

  test('a hub whose clock is wrong takes nothing too early, nothing too late, and keeps what it leases', async (t) => {
    const place = await newWorkPlace(t, engine)
    const day = 24 * HOUR
    const [fast, slow] = [day, -day].map((wrongBy) => startWorkProcess(t, place.address, wrongBy))
    for (const { said } of [fast!, slow!]) assert.equal((await said.next()).value, 'ready')
    const idle = await place.hub(() => {})
    await addTo(place, idle.work, { kind: 'hang', afterMs: HOUR })
    const early = fast!.said.next().then(() => assert.fail('an hour too early'))
    early.catch(() => {})
    fast!.child.kill('SIGSTOP')
    const { value: due } = await addTo(place, idle.work, { kind: 'hang' })
    assert.equal((await slow!.said.next()).value, `begun ${due}`, 'due now is now')
    fast!.child.kill('SIGCONT')
    // The slow hub renews; whoever thinks by another clock would see a lease that ran out a day ago.
    const leases = new Set<number>()
    await until('the lease was renewed several times', async () => {
      const row = (await place.rows()).find(({ id }) => id === due)
      leases.add(row?.ready_at ?? 0)
      assert.equal(row?.claims, 1, 'nobody took it over')
      return leases.size > 2
    })
    assert.equal((await place.rows())[0]?.claims, 0, 'what is due in an hour waits')
  })

  test('who lost the lease is told, and can neither write, nor complete, nor fail the task of the next one', async (t) => {
    const place = await newWorkPlace(t, engine)
    const first = Promise.withResolvers<Task>()
    const over = Promise.withResolvers<void>()
    const second = Promise.withResolvers<void>()
    const slow = await place.hub(
      (of) =>
        of.handle({
          kind: 'slow',
          // With room for a second it could take the task over from itself.
          atOnce: 1,
          async run(task) {
            first.resolve(task)
            await over.promise
            throw new Error('too late')
          },
        }),
      { leaseMs: 1_500, pollMs: 10 * HOUR },
    )
    await addTo(place, slow.work, { kind: 'slow' })
    const task = await first.promise
    const told = new Promise<unknown>((resolve) =>
      task.signal.addEventListener('abort', () => resolve(task.signal.reason)),
    )
    const other = await place.hub((of) => of.handle({ kind: 'slow', run: () => second.promise }))
    await until('the other one has it', async () => {
      // As if the first hub had stood still for longer than its lease, whenever it renews it.
      await place.set({ ready_at: 1 }, 1)
      return (await place.rows())[0]?.claims === 2
    })
    const write = (how: (tx: Tx<never>) => Promise<void>) =>
      slow.store.transact(async (tx) => {
        await tx.db.insertInto('meta').values({ name: 'late', value: '' }).execute()
        await how(tx as never)
      })
    await assert.rejects(write(task.hold), LeaseLost)
    await assert.rejects(write(task.finish), LeaseLost)
    const late = place.store.read.selectFrom('meta').selectAll().where('name', '=', 'late')
    assert.deepEqual(await late.execute(), [])
    assert.ok((await told) instanceof LeaseLost)
    over.resolve()
    await slow.work.close()
    const [row] = await place.rows()
    assert.deepEqual([row?.claims, row?.last_error, row?.lease_owner === null], [2, null, false])
    second.resolve()
    await until('the other one completes it', async () => (await place.rows()).length === 0)
    await other.work.close()
  })

  test('a long task keeps its lease as long as its hub lives', async (t) => {
    const place = await newWorkPlace(t, engine)
    const end = Promise.withResolvers<void>()
    let runs = 0
    const run = async () => {
      runs++
      await end.promise
    }
    const hubs = await Promise.all(
      [1, 2].map(() => place.hub((of) => of.handle({ kind: 'long', run }), { leaseMs: LEASE_MS })),
    )
    await addTo(place, hubs[0]!.work, { kind: 'long' })
    const leases = new Set<number>()
    await until('it is longer than one lease', async () => {
      const [row] = await place.rows()
      if (row?.lease_owner) leases.add(row.ready_at ?? 0)
      return leases.size > 4
    })
    assert.equal(runs, 1)
    end.resolve()
  })

  test('a hub that stops tells its handlers, waits for them, and gives back at once what did not end', async (t) => {
    const place = await newWorkPlace(t, engine)
    const begun = new Set<string>()
    const stubborn = Promise.withResolvers<void>()
    const run = async ({ payload: { how }, signal }: Task<{ how: string }>) => {
      begun.add(how)
      if (how === 'stubborn') return await stubborn.promise
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      if (how === 'obedient') signal.throwIfAborted()
    }
    const hub = await place.hub((of) => of.handle({ kind: 'any', run }))
    for (const how of ['obedient', 'finishing'])
      await addTo(place, hub.work, { kind: 'any', payload: { how } })
    await until('both run', async () => begun.size === 2)
    const hasty = await place.hub((of) => of.handle({ kind: 'stubborn', run }), { closeMs: 1 })
    await addTo(place, hasty.work, { kind: 'stubborn', payload: { how: 'stubborn' } })
    await until('all run', async () => begun.size === 3)
    await Promise.all([hub, hasty].map(({ work }) => work.close()))
    const rows = await place.rows()
    assert.deepEqual(
      rows.map((row) => [JSON.parse(row.payload).how, row.lease_owner, row.attempts, row.last_error]),
      [
        ['obedient', null, 0, null],
        ['stubborn', null, 0, null],
      ],
    )
    stubborn.resolve()
    const next: string[] = []
    await place.hub((of) => {
      for (const kind of ['any', 'stubborn'])
        of.handle<{ how: string }>({ kind, run: async ({ payload }) => void next.push(payload.how) })
    })
    await until('another hub does them', async () => next.length === 2)
  })

  test('a task of which every hub dies is dead one day', async (t) => {
    const place = await newWorkPlace(t, engine)
    const idle = await place.hub(() => {})
    await addTo(place, idle.work, { kind: 'poison' })
    await place.set({ lease_owner: 'a hub that died', attempts: 2, claims: 2, ready_at: 1 })
    await place.hub((of) =>
      of.handle({ kind: 'poison', attempts: 2, run: async () => assert.fail('a third hub died') }),
    )
    await until('it is dead', async () => (await place.rows())[0]?.dead_at !== null)
    assert.match((await place.rows())[0]?.last_error ?? '', /every hub that ran this task ended/)
  })

  test('a payload holds no secret', async (t) => {
    const place = await newWorkPlace(t, engine)
    const { work } = await place.hub(() => {})
    for (const payload of [{ password: 'x' }, { to: { api_key: 'x' } }, { sourceToken: 'x' }])
      await assert.rejects(addTo(place, work, { kind: 'call', payload }), /may not hold a/)
    assert.deepEqual(await place.rows(), [])
  })

  test('the counts say what there is to do', async (t) => {
    const place = await newWorkPlace(t, engine)
    const { work } = await place.hub(() => {})
    for (const afterMs of [0, 0, HOUR]) await addTo(place, work, { kind: 'x', afterMs })
    await place.set({ lease_owner: null })
    const rows = await place.rows()
    await place.store.write.updateTable('work').set({ ready_at: 1 }).where('id', '=', rows[0]!.id).execute()
    await addTo(place, work, { kind: 'dead' })
    await place.store.write
      .updateTable('work')
      .set({ ready_at: null, dead_at: 1 })
      .where('kind', '=', 'dead')
      .execute()
    const second = await place.hub(() => {})
    await until('counted', async () => second.work.counts().due > 0)
    const { due, running, dead, oldestDueSeconds } = second.work.counts()
    assert.deepEqual([due, running, dead], [2, 0, 1])
    assert.ok(oldestDueSeconds > 1_000_000)
  })
})
