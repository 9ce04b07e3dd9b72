/** SHA-256 of every migration that a release has shipped. A release adds its own; none is changed or removed. */
export const released: Readonly<Record<string, string>> = {}
