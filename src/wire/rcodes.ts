// Response codes (IANA, RFC 6895) and their names as miekg/dns, and so CoreDNS in logs and metrics,
// prints them.

export const RCODE_NOERROR = 0
export const RCODE_FORMERR = 1
export const RCODE_SERVFAIL = 2
export const RCODE_NXDOMAIN = 3
export const RCODE_NOTIMP = 4
export const RCODE_REFUSED = 5
export const RCODE_YXDOMAIN = 6
export const RCODE_YXRRSET = 7
export const RCODE_NXRRSET = 8
export const RCODE_NOTAUTH = 9
export const RCODE_NOTZONE = 10
export const RCODE_DSOTYPENI = 11
/** Shares its number with BADVERS (RFC 6891); the text is BADSIG for both. */
export const RCODE_BADSIG = 16
export const RCODE_BADVERS = 16
export const RCODE_BADKEY = 17
export const RCODE_BADTIME = 18
export const RCODE_BADMODE = 19
export const RCODE_BADNAME = 20
export const RCODE_BADALG = 21
export const RCODE_BADTRUNC = 22
export const RCODE_BADCOOKIE = 23

/** Names of the codes, as rcodeToText gives them. */
export type RcodeName =
  | 'NOERROR'
  | 'FORMERR'
  | 'SERVFAIL'
  | 'NXDOMAIN'
  | 'NOTIMP'
  | 'REFUSED'
  | 'YXDOMAIN'
  | 'YXRRSET'
  | 'NXRRSET'
  | 'NOTAUTH'
  | 'NOTZONE'
  | 'DSOTYPENI'
  | 'BADSIG'
  | 'BADKEY'
  | 'BADTIME'
  | 'BADMODE'
  | 'BADNAME'
  | 'BADALG'
  | 'BADTRUNC'
  | 'BADCOOKIE'

const TEXTS: ReadonlyMap<number, string> = new Map([
  [RCODE_NOERROR, 'NOERROR'],
  [RCODE_FORMERR, 'FORMERR'],
  [RCODE_SERVFAIL, 'SERVFAIL'],
  [RCODE_NXDOMAIN, 'NXDOMAIN'],
  [RCODE_NOTIMP, 'NOTIMP'],
  [RCODE_REFUSED, 'REFUSED'],
  [RCODE_YXDOMAIN, 'YXDOMAIN'],
  [RCODE_YXRRSET, 'YXRRSET'],
  [RCODE_NXRRSET, 'NXRRSET'],
  [RCODE_NOTAUTH, 'NOTAUTH'],
  [RCODE_NOTZONE, 'NOTZONE'],
  [RCODE_DSOTYPENI, 'DSOTYPENI'],
  [RCODE_BADSIG, 'BADSIG'],
  [RCODE_BADKEY, 'BADKEY'],
  [RCODE_BADTIME, 'BADTIME'],
  [RCODE_BADMODE, 'BADMODE'],
  [RCODE_BADNAME, 'BADNAME'],
  [RCODE_BADALG, 'BADALG'],
  [RCODE_BADTRUNC, 'BADTRUNC'],
  [RCODE_BADCOOKIE, 'BADCOOKIE'],
])

const NUMBERS: ReadonlyMap<string, number> = new Map([
  ...[...TEXTS].map(([rcode, text]): [string, number] => [text, rcode]),
  // An old spelling of miekg/dns that Corefiles may still hold (miekg/dns#733).
  ['NOTIMPL', RCODE_NOTIMP],
])

/** `NXDOMAIN` for 3, `RCODE28` for a code without a name. */
export const rcodeToText = (rcode: number): string => TEXTS.get(rcode) ?? `RCODE${rcode}`

/** The code of a name in any case; the numeric form is not accepted, as in CoreDNS. */
export const rcodeFromText = (text: string): number | undefined => NUMBERS.get(text.toUpperCase())
