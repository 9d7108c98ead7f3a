/** Passwords in one form whatever keyboard they came from: the OpaqueString profile, RFC 8265 §4.2 (successor of SASLprep). */

/** RFC 8264 §4.3 and §9: controls, what cannot be seen, private and unassigned-for-ever code points, lone surrogates. */
const disallowed = /[\p{Cc}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}]/u

/** @returns the text with every space as U+0020 and in NFC; undefined when it is empty or holds what must be refused */
export function opaqueString(text: string): string | undefined {
  if (text === '' || disallowed.test(text)) return undefined
  return text.replace(/\p{Zs}/gu, ' ').normalize('NFC')
}
