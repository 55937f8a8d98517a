// Enhancement only: every page works without this file. What the attributes mean is in static/doc.go.
'use strict';
(() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const one = (selector) => document.querySelector(selector);

  // "/" goes to the search, but not while something is typed, and not for those who turned it off (WCAG 2.1.4).
  const search = one('[data-search]');
  const slash = one('[data-slash]');
  let off = false;
  try {
    off = localStorage.getItem('gh_slash') === 'off';
  } catch { /* the browser keeps nothing: the key stays on */ }
  if (search && slash) {
    const say = () => { slash.textContent = off ? slash.dataset.off : slash.dataset.slash; };
    slash.addEventListener('click', () => {
      off = !off;
      try {
        localStorage.setItem('gh_slash', off ? 'off' : 'on');
      } catch { /* for this page only */ }
      say();
    });
    say();
    slash.hidden = false;
  }
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.ctrlKey || event.metaKey || event.altKey || off || !search) return;
    if (event.target.closest('input, select, textarea, [contenteditable]')) return;
    event.preventDefault();
    search.focus();
    search.select();
  });

  // A value that is shown once: selected at a touch, copied by a button.
  for (const field of all('[data-select]')) field.addEventListener('focus', () => field.select());
  for (const button of all('[data-copy]')) {
    const field = document.getElementById(button.dataset.copy);
    if (!field || !navigator.clipboard) continue;
    const word = button.textContent;
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(field.value ?? field.textContent);
        button.textContent = button.dataset.copied;
        setTimeout(() => { button.textContent = word; }, 4000);
      } catch {
        field.select?.(); // not allowed to: the person can copy what is selected
      }
    });
    button.hidden = false;
  }

  // Select all on this page.
  const picks = all('[data-pick]');
  for (const every of all('[data-pick-all]')) {
    const show = () => {
      const chosen = picks.filter((pick) => pick.checked).length;
      every.checked = chosen > 0 && chosen === picks.length;
      every.indeterminate = chosen > 0 && chosen < picks.length;
    };
    every.addEventListener('change', () => {
      for (const pick of picks) pick.checked = every.checked;
      show();
    });
    for (const pick of picks) pick.addEventListener('change', show);
    every.closest('label').hidden = false;
    show();
  }

  // What is typed is lost when the session ends: say so two minutes before.
  const typed = new Set();
  const ends = Number(document.body.dataset.sessionEnds) * 1000;
  let warned = !ends;
  const warn = () => {
    if (warned || !typed.size || Date.now() < ends - 120000) return;
    warned = true;
    const box = document.createElement('p');
    box.className = 'notice notice-warn';
    box.setAttribute('role', 'alert');
    one('main').before(box);
    box.textContent = document.body.dataset.sessionWords;
  };
  for (const form of all('form[data-dirty]')) {
    form.addEventListener('input', () => {
      typed.add(form);
      warn();
    });
    form.addEventListener('submit', () => typed.delete(form));
  }
  const wait = ends - 120000 - Date.now();
  if (wait > 0 && wait < 2 ** 31) setTimeout(warn, wait + 100);

  // How well an accent can be read on white, while it is typed. The server decides.
  for (const said of all('[data-contrast]')) {
    const field = document.getElementById(said.dataset.contrast);
    const weigh = [0.2126, 0.7152, 0.0722];
    const judge = () => {
      const hex = /^#([0-9a-f]{6})$/i.exec(field.value.trim())?.[1];
      said.textContent = '';
      if (!hex) return;
      const luminance = weigh.reduce((sum, weight, i) => {
        const c = parseInt(hex.slice(2 * i, 2 * i + 2), 16) / 255;
        return sum + weight * (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
      }, 0);
      const ratio = Math.floor(105 / (luminance + 0.05)) / 100;
      said.textContent = (ratio < 4.5 ? said.dataset.bad : said.dataset.good).replace('{ratio}', ratio.toLocaleString(document.documentElement.lang));
    };
    field?.addEventListener('input', judge);
  }

  // Live: one stream for the page, none while it is hidden. It counts what is new and never moves what is read.
  const live = one('a[data-live]');
  if (live && window.EventSource) {
    let stream, count = 0, last = '';
    const say = (words) => {
      live.textContent = words;
      live.previousElementSibling.textContent = words; // is read out
    };
    const stop = () => {
      stream?.close();
      stream = undefined;
    };
    const start = () => {
      if (stream || document.hidden) return;
      const address = new URL(live.dataset.live, location.href);
      if (last) address.searchParams.set('last', last);
      stream = new EventSource(address);
      stream.onmessage = (event) => {
        last = event.lastEventId || last;
        count += Number(event.data) || 1;
        say(live.dataset.new.replace('{n}', new Intl.NumberFormat(document.documentElement.lang).format(count)));
      };
      // The browser tries again by itself, unless the answer was a refusal.
      stream.onerror = () => {
        if (stream?.readyState === EventSource.CLOSED) {
          stop();
          say(live.dataset.paused);
        }
      };
    };
    live.href = location.href;
    document.addEventListener('visibilitychange', () => (document.hidden ? stop() : start()));
    addEventListener('pagehide', stop);
    start();
  }
})();
