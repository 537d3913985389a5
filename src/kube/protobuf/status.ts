// A Status in protobuf, as the object that the same Status in JSON is.

import { openEnvelope } from './envelope.ts'
import { numberTag, runTag, WireReader } from './wire.ts'

/** Fields of Status, of its details and of their causes. */
const MESSAGE = runTag(3)
const REASON = runTag(4)
const DETAILS = runTag(5)
const CODE = numberTag(6)
const CAUSES = runTag(4)
const RETRY_AFTER_SECONDS = numberTag(5)
const CAUSE_REASON = runTag(1)

interface Details {
  readonly causes: { readonly reason: string }[]
  retryAfterSeconds: number
}

/** Throws a KubeError for what cannot be read. */
export const readStatus = (bytes: Buffer, start: number, end: number): unknown => {
  const fields = openEnvelope(bytes, start, end, new WireReader())
  const status = { code: 0, message: '', reason: '', details: { causes: [], retryAfterSeconds: 0 } }
  while (fields.next())
    switch (fields.tag) {
      case MESSAGE:
        status.message = fields.text
        break
      case REASON:
        status.reason = fields.text
        break
      case DETAILS:
        readDetails(fields, status.details)
        break
      case CODE:
        status.code = fields.number
    }
  return status
}

const readDetails = (status: WireReader, details: Details): void => {
  const fields = new WireReader().into(status)
  while (fields.next())
    if (fields.tag === RETRY_AFTER_SECONDS) details.retryAfterSeconds = fields.number
    else if (fields.tag === CAUSES) {
      const cause = new WireReader().into(fields)
      while (cause.next())
        if (cause.tag === CAUSE_REASON) details.causes.push({ reason: cause.text })
    }
}
