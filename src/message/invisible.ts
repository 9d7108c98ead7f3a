/** Characters that nobody sees: soft hyphens, joiners, and the fillers that advertisers put behind a first line. */

const invisible = /[\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2064\ufeff]|\p{Variation_Selector}|\u034f/gu

/** @returns the text without them: on a terminal they do nothing, or show as a box each */
export function withoutInvisible(text: string): string {
  return text.replace(invisible, '')
}
