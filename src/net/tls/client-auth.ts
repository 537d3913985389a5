// Certificates of clients: what a server asks for, and whom it lets in, by the names that Go has
// for it.

import type { ClientAuth } from '../../chain/listening.ts'

export const asksForCertificate = (auth: ClientAuth): boolean => auth !== 'nocert'

/** What is given is checked against the authorities. */
export const verifiesCertificate = (auth: ClientAuth): boolean =>
  auth === 'verify_if_given' || auth === 'require_and_verify'

export type Verdict = 'accepted' | 'no_certificate' | 'refused_certificate'

export interface ClientCertificate {
  readonly isGiven: boolean
  /** An authority has signed it, and it is valid now. */
  readonly isAuthorized: boolean
}

export const judgeClient = (
  auth: ClientAuth,
  { isGiven, isAuthorized }: ClientCertificate,
): Verdict => {
  const isRequired = auth === 'require' || auth === 'require_and_verify'
  if (!isGiven) return isRequired ? 'no_certificate' : 'accepted'
  return verifiesCertificate(auth) && !isAuthorized ? 'refused_certificate' : 'accepted'
}
