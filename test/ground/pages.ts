import { readdirSync } from 'node:fs'
import { readText } from './tables.ts'

/** The documentation pages of a folder and of its folders, as paths from the repository's root, in order. */
export const pagesOf = (folder: string): string[] =>
  readdirSync(new URL(`../../${folder}`, import.meta.url), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `${folder}${name}`)
    .sort()

/** Every page that a reader may open. */
export const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  'CHANGELOG.md',
  ...pagesOf('docs/'),
  ...pagesOf('deploy/'),
]

/** The fenced block `lines` of a page, where it begins, and the words after its three backticks. */
export interface FencedBlock {
  readonly page: string
  readonly line: number
  readonly info: string
  readonly lines: readonly string[]
}

/** The fenced blocks of a page, in order. */
export function blocksOf(page: string): FencedBlock[] {
  const blocks: (FencedBlock & { lines: string[] })[] = []
  let open: (typeof blocks)[number] | null = null
  for (const [position, line] of readText(page).split('\n').entries()) {
    const fence = /^ *```(.*)$/.exec(line)
    if (fence !== null && open === null) {
      open = { page, line: position + 1, info: fence[1] ?? '', lines: [] }
      blocks.push(open)
    } else if (fence !== null) open = null
    else open?.lines.push(line)
  }
  return blocks
}

/** A page without its code: a line or a word of code is neither a heading nor a link. */
const proseOf = (page: string): string => readText(page).replace(/^ *```.*?^ *```$/gms, '')

/** The anchors of a page's headings, spelled as a site of Git repositories spells them. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of proseOf(page).matchAll(/^#{1,6} (.*)$/gm)) {
    const anchor = heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
    let name = anchor
    for (let count = 1; anchors.has(name); count += 1) name = `${anchor}-${count}`
    anchors.add(name)
  }
  return anchors
}

/** The links of a page to places of this repository: `file.md`, `file.md#anchor` or `#anchor`. */
export const linksOf = (page: string): string[] =>
  [
    ...proseOf(page)
      .replace(/`[^`\n]*`(?!\])/g, '')
      .matchAll(/\]\(([^)\s]+)\)/g),
  ]
    .map(([, link = '']) => link)
    .filter((link) => !/^(https?|mailto):/.test(link))
