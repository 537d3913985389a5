// Zones in the records memory: origin (wire form, lower case) to the zone's tree.
//
//   ZONE     key    the origin
//            value  a tree (zone/tree.ts)
//
//   note 0   labels of the longest origin that the map has had, the root's not counted

export const KIND_ZONE = 1

export const NOTE_LABELS = 0
