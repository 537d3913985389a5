// An API server that answers every request with one recorded answer, byte for byte, and what it was
// asked.

import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { Credentials } from '../../src/kube/config/credentials.ts'
import { HttpConnection } from '../../src/kube/connection.ts'

const FOLDER = join(import.meta.dirname, '..', 'fixtures', 'kubernetes-api')

/** Status line, headers and body, as they came. */
export const recordedAnswer = (name: string): Buffer => {
  const bytes = readFileSync(join(FOLDER, name))
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes
}

/** The body alone, without its chunk framing. */
export const recordedBody = (name: string): Buffer => {
  const answer = recordedAnswer(name)
  const end = answer.indexOf('\r\n\r\n')
  const body = answer.subarray(end + 4)
  if (!/^transfer-encoding: chunked/im.test(answer.toString('latin1', 0, end))) return body
  return Buffer.concat(chunksIn(body).map(({ data }) => data))
}

interface HttpChunk {
  /** With its framing. */
  readonly whole: Buffer
  readonly data: Buffer
}

/** The last one is empty. */
const chunksIn = (body: Buffer): HttpChunk[] => {
  const chunks: HttpChunk[] = []
  for (let at = 0; ; ) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16)
    const end = lineEnd + 2 + size + 2
    const [whole, data] = [body.subarray(at, end), body.subarray(lineEnd + 2, end - 2)]
    chunks.push({ whole, data })
    if (size === 0) return chunks
    at = end
  }
}

/** The head of a recorded answer, and each of its chunks as it came: of a watch, one event. */
export const recordedChunks = (name: string): Buffer[] => {
  const answer = recordedAnswer(name)
  const bodyAt = answer.indexOf('\r\n\r\n') + 4
  const chunks = chunksIn(answer.subarray(bodyAt)).map(({ whole }) => whole)
  return [answer.subarray(0, bodyAt), ...chunks]
}

/** So many bytes at a time. */
export const inPieces = (answer: Buffer, pieceBytes = answer.length): Buffer[] =>
  Array.from({ length: Math.ceil(answer.length / pieceBytes) }, (_, n) =>
    answer.subarray(n * pieceBytes, (n + 1) * pieceBytes),
  )

/**
 * A connection to a server that answers each request with these pieces: a generator's are there for
 * one. Both end with `t`.
 */
export const connectionTo = async (
  t: { after(run: () => unknown): void },
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<HttpConnection> => {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket.on('close', () => sockets.delete(socket)).on('error', () => undefined))
    socket.once('data', async () => {
      for await (const piece of pieces) socket.write(piece)
      socket.end()
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const connection = new HttpConnection({
    url: new URL(`http://127.0.0.1:${port}`),
    identity: 'recorded',
    userAgent: 'shardns/test',
    authority: undefined,
    trust: { isVerified: true, serverName: undefined },
    credentials: new Credentials({}),
    headers: {},
  })
  t.after(async () => {
    connection.close()
    for (const socket of sockets) socket.destroy()
    await new Promise(resolve => server.close(resolve))
  })
  return connection
}
