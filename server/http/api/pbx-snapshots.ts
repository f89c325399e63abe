import { Type } from 'typebox'
import { Id, ListQuery } from '../../../contract/common.ts'
import {
  HostReference,
  Snapshot,
  SnapshotDetails,
  SnapshotDiff,
  SnapshotPage,
} from '../../../contract/pbx-snapshots.ts'
import type { Snapshots } from '../../fleet/fleet.ts'
import { actor, needs, type App, type Settle } from '../app.ts'
import { forbidHostTokens, reachOf } from './reach.ts'

const HostParams = Type.Object({ host: HostReference })
const SnapshotParams = Type.Object({ host: HostReference, id: Id })
const { page, per_page } = ListQuery.properties
const Moment = Type.Optional(Type.String({ minLength: 1, maxLength: 60 }))
const DiffQuery = Type.Object({
  /** Id of a snapshot, or a time: the newest that began by then. Absent: the one before `to`. */
  from: Moment,
  /** As `from`; absent: the newest. */
  to: Moment,
  /** Id or code of another PBX: `to` is a snapshot of it, and ids, which differ, do not count. */
  other_host: Type.Optional(HostReference),
})

/** `/api/v1/pbx3cx/{host}/snapshots`: the configuration of a PBX as it was, and what changed. */
export function pbxSnapshotRoutes(
  app: App,
  { snapshots, settle }: { snapshots: Snapshots; settle: Settle },
): void {
  const tags = ['PBX snapshots']
  const path = '/pbx3cx/:host/snapshots'

  app.get(
    path,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary: 'List the snapshots of a PBX, newest first',
        params: HostParams,
        querystring: Type.Object({ page, per_page }),
        response: { 200: SnapshotPage },
      },
    },
    (request) => {
      const { page: at = 1, per_page: perPage = 20 } = request.query
      return snapshots.list(reachOf(request), request.params.host, { page: at, perPage })
    },
  )
  app.post(
    path,
    {
      ...needs('fleet:write'),
      schema: {
        tags,
        summary:
          'Read the configuration of a PBX now; each change since the last snapshot becomes an audit of the host',
        params: HostParams,
        response: { 201: Snapshot },
      },
    },
    async (request, reply) => {
      forbidHostTokens(request)
      const taken = await snapshots.take(actor(request), reachOf(request), request.params.host)
      return reply.code(201).send(await settle(taken))
    },
  )
  app.get(
    `${path}/diff`,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary:
          'What was added, removed, changed and moved from one snapshot to another, or from one PBX to another',
        params: HostParams,
        querystring: DiffQuery,
        response: { 200: SnapshotDiff },
      },
    },
    (request) => {
      const { from, to, other_host: otherHost } = request.query
      return snapshots.diff(reachOf(request), request.params.host, { from, to, otherHost })
    },
  )
  app.get(
    `${path}/:id`,
    {
      ...needs('fleet:read'),
      schema: {
        tags,
        summary: 'Read a snapshot with the configuration it holds; secrets are masks',
        params: SnapshotParams,
        response: { 200: SnapshotDetails },
      },
    },
    (request) => snapshots.get(reachOf(request), request.params.host, request.params.id),
  )
}
