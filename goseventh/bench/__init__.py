"""Benchmarks: what each write strategy costs and buys, measured, shown and compared.

Data flows one way: plan → parts → observations → results → report. `commands` parses and calls `whole` (all
parts in one run), `alone` (the tournament or the search with flags of their own) or `comparing`.

- `parts`: what is measured, one module each, by what the next four offer
- `processes`: servers, children, what holds them and what they take
- `closed_load`, `open_load`: load that saturates, and the tournament's, which leaves at its moment
- `searching`: the store's search beside others'
- `crash`: servers killed and power cut, and who is still there
- `showing`: results as pages and Markdown
- `comparing`: two runs' results side by side
"""
