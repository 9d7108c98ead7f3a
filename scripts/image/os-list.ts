/** The entry for Raspberry Pi Imager: what it shows, what it fetches, what it compares. */

export type Published = {
  readonly version: string
  readonly epoch: number
  /** Where the compressed image will be found. */
  readonly url: string
  readonly extractOctets: number
  readonly extractSha256: string
  readonly downloadOctets: number
  readonly downloadSha256: string
}

/** What Imager offers to choose from first. Its tag for a Zero 2 W is that of a Pi 3: the same chip. */
const boards = [
  { name: 'Raspberry Pi 4', tags: ['pi4-64bit'], description: 'Model B, 400, Compute Module 4' },
  { name: 'Raspberry Pi 3', tags: ['pi3-64bit'], description: 'Model A+, B, B+, Compute Module 3' },
  { name: 'Raspberry Pi Zero 2 W', tags: ['pi3-64bit'], description: 'With an Ethernet adapter at its USB' },
] as const

/** The text of os_list.json. */
export function osList(it: Published): string {
  const entry = {
    name: `Porchlight ${it.version}`,
    description: "The household's mailbox, for a Raspberry Pi 3, 4 or Zero 2 W",
    icon: icon(),
    url: it.url,
    extract_size: it.extractOctets,
    extract_sha256: it.extractSha256,
    image_download_size: it.downloadOctets,
    image_download_sha256: it.downloadSha256,
    release_date: new Date(it.epoch * 1000).toISOString().slice(0, 10),
    // Settings come from porchlight.toml on the first partition; Imager's own questions would be for another system.
    init_format: 'none',
    architecture: 'armv8',
    devices: [...new Set(boards.flatMap(({ tags }) => tags))],
  }
  const devices = boards.map(board => ({ ...board, icon: icon(), matching_type: 'inclusive' }))
  return `${JSON.stringify({ imager: { devices }, os_list: [entry] }, undefined, 2)}\n`
}

/** A lit lamp over a door, drawn here so that nothing need be fetched. */
function icon(): string {
  const drawing =
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40"><rect width="40" height="40" rx="6" fill="#22304a"/>' +
    '<path d="M14 14h12l3 12H11z" fill="#ffd45e"/><path d="M13 10h14v4H13zM12 26h16v3H12z" fill="#fff"/></svg>'
  return `data:image/svg+xml;base64,${Buffer.from(drawing).toString('base64')}`
}
