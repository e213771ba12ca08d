// Draws the figures of each chart's table. The tables stay, for readers and where there is no script.
;(() => {
  const colours = (dark) => (dark ? ['#86efac', '#fda4af', '#fcd34d'] : ['#166534', '#9f1239', '#92400e'])
  const dashes = [[], [6, 3], [2, 3]]

  function figuresOf(figure) {
    const cells = (row) => [...row.cells].map((cell) => cell.textContent)
    const [hour, ...labels] = cells(figure.querySelector('thead tr'))
    const rows = [...figure.querySelectorAll('tbody tr')].map(cells)
    const number = (text) => (text === '–' ? null : Number(text))
    return {
      hour,
      labels,
      hours: rows.map(([hour]) => hour),
      series: labels.map((_, column) => rows.map((row) => number(row[column + 1]))),
    }
  }

  function draw(figure) {
    const plot = figure.querySelector('.plot')
    const { hour, labels, hours, series } = figuresOf(figure)
    const dark = matchMedia('(prefers-color-scheme: dark)').matches
    const ink = dark ? '#b5aea5' : '#57534e'
    const grid = { stroke: dark ? '#3f3a35' : '#e7e3dd', width: 1 }
    const axis = { stroke: ink, grid, ticks: grid, font: '11px system-ui, sans-serif' }
    plot.replaceChildren()
    new uPlot(
      {
        width: Math.max(plot.clientWidth, figure.clientWidth - 30),
        height: 150,
        cursor: { y: false },
        scales: { x: { time: false } },
        axes: [
          { ...axis, values: (_, ticks) => ticks.map((tick) => hours[tick] ?? '') },
          { ...axis, size: 44 },
        ],
        series: [
          { label: hour, value: (_, x) => hours[x] ?? '' },
          ...labels.map((label, position) => ({
            label,
            stroke: colours(dark)[position],
            dash: dashes[position],
            width: 2,
            points: { show: false },
          })),
        ],
      },
      [hours.map((_, position) => position), ...series],
      plot,
    )
  }

  const drawAll = () => {
    for (const figure of document.querySelectorAll('[data-chart]')) draw(figure)
  }
  if (typeof uPlot === 'undefined') return
  drawAll()
  document.addEventListener('htmx:after:swap', drawAll)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', drawAll)
  let resizing = 0
  addEventListener('resize', () => {
    clearTimeout(resizing)
    resizing = setTimeout(drawAll, 200)
  })
})()
