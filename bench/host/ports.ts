// Ports of 127.0.0.1 that nothing has bound, neither UDP nor TCP, as the kernel gives them.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

const ADDRESS = '127.0.0.1'

/** All different: each is held until all are found. */
export const freePorts = async (count: number): Promise<number[]> => {
  const held: { port: number; close: () => Promise<void> }[] = []
  while (held.length < count) {
    const one = await holdPort()
    if (one !== undefined) held.push(one)
  }
  for (const { close } of held) await close()
  return held.map(({ port }) => port)
}

const holdPort = async (): Promise<{ port: number; close: () => Promise<void> } | undefined> => {
  const tcp = createServer().listen(0, ADDRESS)
  await once(tcp, 'listening')
  const { port } = tcp.address() as AddressInfo
  const udp = createSocket('udp4')
  const closed = [once(tcp, 'close'), once(udp, 'close')]
  const close = async (): Promise<void> => {
    tcp.close()
    udp.close()
    await Promise.all(closed)
  }
  try {
    udp.bind(port, ADDRESS)
    await once(udp, 'listening')
    return { port, close }
  } catch {
    await close()
    return undefined
  }
}
