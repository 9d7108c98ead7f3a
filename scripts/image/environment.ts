/** GRUB's block of variables: a head line, `NAME=VALUE` lines, filled up with `#` to 1,024 octets. */

const octets = 1024

/** The block that holds these variables. Throws when they do not fit. */
export function environment(variables: Readonly<Record<string, string>>): string {
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`)
  const text = `# GRUB Environment Block\n${lines.join('')}`
  if (text.length > octets) throw new Error('These variables do not fit into GRUB’s block')
  return text.padEnd(octets, '#')
}
