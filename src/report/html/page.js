'use strict';
(() => {
  const one = (selector) => document.querySelector(selector);
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  const kinds = ['behind', 'queued', 'locked'];
  const form = one('#filter');

  // The ages as they are now, in the words of the program; the page has those of when it was made.
  const age = (then) => {
    const seconds = Math.max(0, Math.floor((Date.now() - then) / 1000));
    if (seconds < 60) return 'just now';
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    if (seconds < 172800) return `${Math.floor(seconds / 3600)} h ago`;
    return `${Math.floor(seconds / 86400)} days ago`;
  };
  const made = Date.parse(one('#made').dateTime);
  const grow = () => {
    for (const each of all('.age')) each.textContent = age(Date.parse(each.dateTime));
    const days = Math.floor((Date.now() - made) / 86400000);
    one('#stale').hidden = days < 2;
    one('#stale b').textContent = `${days} days`;
  };
  grow();
  setInterval(grow, 60000);

  document.documentElement.classList.add('scripted');
  form.hidden = false;

  // What can be filtered is read once.
  const head = all('#apps thead tr:last-child th').slice(1);
  const groups = head.map((cell) => cell.dataset.group);
  const bands = all('#apps thead th[scope=colgroup]');
  const rows = all('#apps tbody tr').map((row) => {
    const cells = all('td', row);
    return {
      row,
      cells,
      app: row.cells[0],
      words: row.cells[0].textContent.toLowerCase(),
      team: row.dataset.team || '',
      states: cells.map((cell) => kinds.filter((kind) => cell.classList.contains(kind))),
    };
  });
  const lists = all('.list').map((table) => ({
    table,
    none: table.parentElement.querySelector('.none-such'),
    rows: all('tbody tr', table).map((row) => ({ row, words: row.textContent.toLowerCase() })),
  }));
  const search = form.elements.q;
  const boxes = kinds.map((kind) => form.elements[kind]);

  const wanted = () => ({
    q: search.value.trim(),
    only: kinds.filter((_, place) => boxes[place].checked),
    team: form.elements.team.value,
    group: form.elements.group.value,
  });

  const set = (row, hidden) => { if (row.hidden !== hidden) row.hidden = hidden; };
  let shownGroup = '';
  const apply = () => {
    const { q, only, team, group } = wanted();
    const words = q.toLowerCase().split(/\s+/);
    const fits = (text) => words.every((word) => text.includes(word));
    if (group !== shownGroup) {
      const away = groups.map((each) => group !== '' && each !== group);
      head.forEach((cell, place) => set(cell, away[place]));
      bands.forEach((cell) => set(cell, group !== '' && cell.dataset.group !== group));
      for (const { cells } of rows) cells.forEach((cell, place) => set(cell, away[place]));
      shownGroup = group;
    }
    const visible = groups.map((each) => group === '' || each === group);
    let shown = 0;
    for (const each of rows) {
      const state = only.length === 0
        || each.states.some((states, place) => visible[place] && states.some((kind) => only.includes(kind)));
      const shows = state && (team === '' || each.team === team) && fits(each.words);
      set(each.row, !shows);
      if (shows) shown += 1;
    }
    for (const { table, none, rows: entries } of lists) {
      let left = 0;
      for (const { row, words: text } of entries) {
        set(row, !fits(text));
        if (!row.hidden) left += 1;
      }
      set(table, left === 0);
      set(none, left !== 0);
    }
    const some = shown === 0 ? 'No app is like that.' : `${shown} of ${rows.length} apps`;
    one('#shown').textContent = rows.length === 0 ? 'There are no apps.' : some;
    one('#all').hidden = !(q || only.length || team || group);
  };

  // The filter stands in the address, so that what is seen can be sent to somebody.
  const remember = () => {
    const { q, only, team, group } = wanted();
    const parts = new URLSearchParams();
    if (q) parts.set('q', q);
    if (only.length) parts.set('only', only.join(','));
    if (team) parts.set('team', team);
    if (group) parts.set('group', group);
    const fragment = parts.toString();
    history.replaceState(null, '', fragment ? `#${fragment}` : location.pathname + location.search);
  };
  const choose = (select, value) => {
    select.value = value;
    if (select.selectedIndex < 0) select.value = '';
  };
  const recall = () => {
    const fragment = location.hash.slice(1);
    // A place on the page is no filter.
    if (fragment && !fragment.includes('=')) return;
    const parts = new URLSearchParams(fragment);
    const only = (parts.get('only') || '').split(',');
    search.value = parts.get('q') || '';
    boxes.forEach((box, place) => { box.checked = only.includes(kinds[place]); });
    choose(form.elements.team, parts.get('team') || '');
    choose(form.elements.group, parts.get('group') || '');
    apply();
  };
  const change = () => { apply(); remember(); };

  form.addEventListener('input', change);
  form.addEventListener('submit', (event) => event.preventDefault());
  one('#all').addEventListener('click', () => {
    search.value = '';
    boxes.forEach((box) => { box.checked = false; });
    form.elements.team.value = '';
    form.elements.group.value = '';
    change();
    search.focus();
  });
  addEventListener('hashchange', recall);

  const open = (button, place) => {
    const sheet = button.popoverTargetElement;
    for (const line of all('.here', sheet)) line.classList.remove('here');
    const line = sheet.querySelector(`li[data-column="${place}"]`);
    if (line) line.classList.add('here');
    sheet.showPopover();
  };
  const table = one('#apps');
  table.addEventListener('click', (event) => {
    const cell = event.target.closest('tbody td');
    const button = cell && cell.parentElement.querySelector('button');
    if (button && button.popoverTargetElement && getSelection().isCollapsed) open(button, cell.cellIndex);
  });

  addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.closest('input, select, textarea');
    if (event.key === '/' && !typing) {
      event.preventDefault();
      search.focus();
      search.select();
    } else if (event.key === 'Escape' && event.target === search) {
      event.preventDefault();
      search.value = '';
      change();
    } else if (event.target.matches('#apps tbody button')) {
      const buttons = rows.filter(({ row }) => !row.hidden).map(({ app }) => app.querySelector('button'));
      const here = buttons.indexOf(event.target);
      const there = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: buttons.length - 1 }[event.key];
      if (there === undefined) return;
      event.preventDefault();
      if (buttons[there]) buttons[there].focus();
    }
  });

  recall();
})();
