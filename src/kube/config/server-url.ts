// The address of an API server as people write it: a URL, or host:port as client-go takes it.

/** `isTls` decides the scheme where the text has none. Throws an Error with a clear sentence. */
export function parseServerUrl(text: string, isTls: boolean): URL {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(text)
  const url = URL.parse(hasScheme ? text : `${isTls ? 'https' : 'http'}://${text}`)
  if (url === null || url.hostname === '')
    throw new Error(`"${text}" is no address of an API server: write https://HOST:PORT`)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new Error(`"${text}" is no address of an API server: the scheme must be https or http`)
  if (url.username !== '' || url.password !== '')
    throw new Error('the address of an API server takes no user and no password')
  if (url.search !== '' || url.hash !== '')
    throw new Error(`"${text}" is no address of an API server: nothing may follow the path`)
  return url
}
