/**
 * What all contenders share.
 */

export const accountId = "023e105f4ecef8ad9ca31a8372d0c353"
export const apiToken = "v1.0-e24fd090c02efcfecb4de8f4ff246fd5c75b48946fdf0ce26c59f91d0d90797b"

/** Everything was seen, or the figure means nothing. */
export const check = (seen: number, expected: number): void => {
  if (seen !== expected) throw new Error(`saw ${seen}, not ${expected}`)
}
