// Names whose right answer is a function of the name, so that any answer can be checked wherever it
// came from.

/** Names in the server's own hosts table. */
export const HOST_COUNT = 50
export const hostName = (n: number): string => `h${n % HOST_COUNT}.hosts.test`
/** Names that are forwarded once and cached. */
export const forwardedName = (n: number): string => `f${n % HOST_COUNT}.fwd.test`

/** The address that a name has. Upper case and a dot at the end make no difference. */
export const addressOf = (name: string): string => {
  let hash = 0x811c9dc5
  for (const character of name.toLowerCase().replace(/\.$/, ''))
    hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0
  return `10.${(hash >>> 16) & 255}.${(hash >>> 8) & 255}.${hash & 255}`
}

export const hostsLines = (): string[] =>
  Array.from({ length: HOST_COUNT }, (_, n) => `${addressOf(hostName(n))} ${hostName(n)}`)
