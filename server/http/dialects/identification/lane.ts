import type { QuickRoutes } from '../../fast-lane.ts'
import { readParameters } from '../../parameters.ts'
import { QUESTIONS, type AnswerQuestion } from './questions.ts'

/** The six questions for the fast lane: GET only, and only what is answered. */
export function identificationLane(answer: AnswerQuestion): QuickRoutes {
  return new Map(
    QUESTIONS.map((question) => [
      question.path,
      {
        scope: 'identify',
        answer: (query, tenantId, hostId) =>
          answer(question, readParameters(query, undefined), tenantId, hostId),
      },
    ]),
  )
}
