// Makes the pages live and quick by the keyboard. Nothing here is needed to read or to decide.
;(() => {
  const REFRESH_MS = 15_000
  const root = document.documentElement
  root.classList.add('scripted')

  /** Whether a field has something that its page did not give it: to refresh would lose it. */
  const isUnsaved = (field) =>
    field.tagName === 'SELECT'
      ? [...field.options].some((option) => option.selected !== option.defaultSelected) &&
        [...field.options].some((option) => option.defaultSelected)
      : field.type === 'checkbox' || field.type === 'radio'
        ? field.checked !== field.defaultChecked
        : field.type === 'file'
          ? field.files.length > 0
          : field.value !== field.defaultValue
  const hasUnsaved = () =>
    [...document.querySelectorAll('#live input, #live select, #live textarea')].some(isUnsaved)

  /** Nothing changes under a person's hands: not in a hidden tab, in an open or changed form, or where text is selected. */
  const isBusy = () =>
    document.hidden ||
    document.querySelector('details.command[open], dialog[open]') !== null ||
    document.activeElement?.matches('#live input, #live select, #live textarea, #live summary') === true ||
    (getSelection()?.toString() ?? '') !== '' ||
    hasUnsaved()

  setInterval(() => {
    const live = document.getElementById('live')
    if (live?.hasAttribute('data-hx-get') && !isBusy()) live.dispatchEvent(new Event('refresh'))
  }, REFRESH_MS)

  const rows = () => [...document.querySelectorAll('tr[data-row]')].filter((row) => row.offsetParent !== null)

  function go(step) {
    const all = rows()
    if (all.length === 0) return
    const at = all.findIndex((row) => row.classList.contains('here'))
    const next = all[Math.min(Math.max(at + step, 0), all.length - 1)]
    for (const row of all) row.classList.toggle('here', row === next)
    const link = next.querySelector('a')
    if (link === null) next.scrollIntoView({ block: 'nearest' })
    else link.focus()
  }

  let leader = 0
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    if (event.target.matches?.('input, select, textarea')) {
      if (event.key === 'Escape') event.target.blur()
      return
    }
    if (event.key === '?') return open()
    if (event.key === '/') {
      event.preventDefault()
      return document.getElementById('q')?.focus()
    }
    if (event.key === 'j') return go(1)
    if (event.key === 'k') return go(-1)
    if (event.key === 'g') {
      leader = Date.now()
      return
    }
    if (Date.now() - leader > 1_500) return
    leader = 0
    document.querySelector(`[data-go="${CSS.escape(event.key)}"]`)?.click()
  })

  const open = () => document.getElementById('help')?.showModal?.()
  document.addEventListener('click', (event) => {
    if (event.target.closest?.('[data-help]')) open()
  })
})()
