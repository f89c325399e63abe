import { createServer } from 'node:http'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'

/**
 * The baseline: node:http and a constant answer, in the cheapest way node:http has. Prints its port. Argument: how many
 * threads listen on it; without one, this one alone.
 */
const answer =
  '{"result":true,"known":true,"customer":{"id":1,"account":"CL000001","name":"Customer 1","vip":false,"on_call_duty":false},"contact":null}'
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': answer.length }
const threads = Number(process.argv[2] ?? 0)

function listen(port: number, shared: boolean): Promise<number> {
  const server = createServer((_request, response) => {
    response.writeHead(200, headers)
    response.end(answer)
  })
  server.keepAliveTimeout = 72_000
  return new Promise((resolve) => {
    server.listen({ host: '127.0.0.1', port, reusePort: shared }, () => {
      const address = server.address()
      resolve(typeof address === 'object' ? (address?.port ?? 0) : 0)
    })
  })
}

const startThread = (port: number) =>
  new Promise<number>((resolve, reject) => {
    const thread = new Worker(new URL(import.meta.url), { workerData: port })
    thread.once('message', resolve).once('error', reject)
  })

if (isMainThread) {
  let port = threads === 0 ? await listen(0, false) : 0
  for (let i = 0; i < threads; i++) port = await startThread(port)
  process.stdout.write(`${port}\n`)
} else parentPort?.postMessage(await listen(workerData as number, true))
