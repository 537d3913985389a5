// Run as a program: sends each packet back as a response, with node:dgram and nothing else.

import { createSocket } from 'node:dgram'

const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 })
socket.on('message', (message, { port, address }) => {
  message[2] = (message[2] as number) | 0x80
  socket.send(message, port, address)
})
socket.bind(Number(process.argv[2]), '127.0.0.1')
