// `shardns/wire`: names, types, rcodes and data in wire form, for plugins that stay off objects.

export {
  CidrSet,
  type IpAddress,
  type IpPrefix,
  ipToText,
  parseCidr,
  parseIp,
} from './base/ip.ts'
export {
  EDNS_DO,
  type Edns,
  findOption,
  forEachOption,
  makeOption,
  OPTION_COOKIE,
  OPTION_ECS,
  OPTION_EDE,
  OPTION_NSID,
  readEdns,
  withoutOption,
} from './wire/edns.ts'
export * from './wire/header.ts'
export type { MessageLayout } from './wire/layout.ts'
export {
  countLabels,
  foldName,
  isSubname,
  MAX_LABEL_SIZE,
  MAX_NAME_SIZE,
  NameView,
  nameFromText,
  namesEqual,
  nameToText,
} from './wire/name.ts'
export type { OptParts } from './wire/opt-record.ts'
export type { Question } from './wire/question.ts'
export * from './wire/rcodes.ts'
export * from './wire/rdata.ts'
export * from './wire/rrtypes.ts'
export { ZoneIndex } from './wire/zone-index.ts'
export { recordFromText, recordText, type ZoneRecord } from './zone/record-text.ts'
