// What a line holds where nobody says otherwise: read on main, and met by its text in shards, which
// write it without the reader of formats.

export const COMMON_FORMAT =
  '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}'
