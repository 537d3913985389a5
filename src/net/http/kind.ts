// How connections of HTTP are opened: the version was agreed on in the TLS handshake (RFC 7301), or
// shows in the first bytes, since a client of HTTP/2 that knows its server sends a preface (RFC
// 9113 section 3.4).

import type { TLSSocket } from 'node:tls'
import type { Receiver } from '../engine.ts'
import type { Kind, Opened, StreamConnection } from '../tcp/opened.ts'
import type { TcpRoom } from '../tcp/room.ts'
import { HttpConnection } from './connection.ts'
import type { HttpCodec } from './exchange.ts'
import { Http1Wire } from './h1.ts'
import { Http2Wire } from './h2.ts'

/** No method of HTTP/1.1 begins like that. */
const PREFACE = Buffer.from('PRI ')

export const httpKind = (codec: HttpCodec): Kind => ({
  alpn: codec.allowsHttp1 ? ['h2', 'http/1.1'] : ['h2'],
  open(opened: Opened, receiver: Receiver, room: TcpRoom): StreamConnection {
    const connection = new HttpConnection(opened, receiver, room, codec)
    if ('encrypted' in opened.socket) begin(connection, agreedOn(opened.socket as TLSSocket))
    else sniff(connection, opened)
    return connection
  },
})

type Version = 'h2' | 'http/1.1'

const agreedOn = ({ alpnProtocol }: TLSSocket): Version =>
  alpnProtocol === 'h2' ? 'h2' : 'http/1.1'

/** Waits for as many bytes as it takes, and gives them back to the socket. */
const sniff = (connection: HttpConnection, { socket, onBytes }: Opened): void => {
  let seen: Uint8Array = new Uint8Array(0)
  let isKnown = false
  onBytes(chunk => {
    if (isKnown) return true
    seen = Buffer.concat([seen, chunk])
    const isPreface = PREFACE.subarray(0, seen.length).equals(seen.subarray(0, PREFACE.length))
    if (isPreface && seen.length < PREFACE.length) return true
    isKnown = true
    socket.pause()
    socket.unshift(seen)
    begin(connection, isPreface ? 'h2' : 'http/1.1')
    return false
  })
  socket.resume()
}

const begin = (connection: HttpConnection, version: Version): void => {
  const { codec, socket } = connection
  if (version === 'h2') {
    connection.use(new Http2Wire(connection))
    // The session takes what is in the queue in the next phase of the loop: not before.
    setImmediate(() => socket.resume())
  } else if (codec.allowsHttp1) {
    connection.use(new Http1Wire(connection))
    socket.resume()
  } else socket.destroy()
}
