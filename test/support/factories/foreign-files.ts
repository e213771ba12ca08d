/** The beginning of a zip archive with these entries, each empty. */
export function zipOf(names: readonly string[], contents = ''): Buffer {
  const headers = names.map((name) => {
    const header = Buffer.alloc(30)
    header.writeUInt32BE(0x504b0304, 0)
    header.writeUInt32LE(contents.length, 18)
    header.writeUInt16LE(name.length, 26)
    return Buffer.concat([header, Buffer.from(name + contents, 'latin1')])
  })
  return Buffer.concat(headers)
}
