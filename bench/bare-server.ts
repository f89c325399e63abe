import { createServer } from 'node:http'

/** The baseline: node:http and a constant answer, in the cheapest way node:http has. Prints its port. */
const answer =
  '{"result":true,"known":true,"customer":{"id":1,"account":"CL000001","name":"Customer 1","vip":false,"on_call_duty":false},"contact":null}'
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': answer.length }
const server = createServer((_request, response) => {
  response.writeHead(200, headers)
  response.end(answer)
})
server.keepAliveTimeout = 72_000
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`)
})
