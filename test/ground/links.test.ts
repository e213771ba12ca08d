import { existsSync } from 'node:fs'
import { posix } from 'node:path'
import { describe, expect, it } from 'vitest'
import { anchorsOf, linksOf, PAGES, pagesOf } from './pages.ts'

const isThere = (path: string) => existsSync(new URL(`../../${path}`, import.meta.url))

/** The file that a link of a page leads to, from the repository's root, and the heading in it. */
function targetOf(page: string, link: string): { path: string; anchor: string | undefined } {
  const [file = '', anchor] = link.split('#')
  const path = file === '' ? page : posix.normalize(posix.join(posix.dirname(page), file))
  return { path, anchor }
}

function isDead(page: string, link: string): boolean {
  const { path, anchor } = targetOf(page, link)
  if (path.startsWith('..') || !isThere(path)) return true
  return anchor !== undefined && !(path.endsWith('.md') && anchorsOf(path).has(anchor))
}

describe('the documentation', () => {
  it.each(PAGES)('%s has no dead link', (page) => {
    expect(linksOf(page).filter((link) => isDead(page, link))).toEqual([])
  })

  it('is found page by page in its index, each once', () => {
    const index = 'docs/README.md'
    const listed = linksOf(index).map((link) => targetOf(index, link).path)
    const pages = listed.filter((path) => path.startsWith('docs/')).sort()
    expect(pages).toEqual(pagesOf('docs/').filter((page) => page !== index))
  })

  it('finds a link to a page or a heading that is not there', () => {
    expect(isDead('docs/README.md', 'nowhere.md')).toBe(true)
    expect(isDead('docs/README.md', 'people.md#nowhere')).toBe(true)
    expect(isDead('docs/README.md', 'people.md#roles')).toBe(false)
  })
})
