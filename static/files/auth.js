// Enhancement only: every page works without this file.
'use strict';
(() => {
  const all = (selector, root = document) => root.querySelectorAll(selector);

  // Show and hide the password.
  for (const button of all('button[data-reveal]')) {
    const field = document.getElementById(button.dataset.reveal);
    if (!field) continue;
    const [word, name] = [button.querySelector('[data-word]'), button.querySelector('[data-name]')];
    const set = (shown) => {
      field.type = shown ? 'text' : 'password';
      word.textContent = shown ? button.dataset.hide : button.dataset.show;
      name.textContent = shown ? button.dataset.hideName : button.dataset.showName;
    };
    button.addEventListener('click', () => {
      set(field.type === 'password');
      field.focus();
    });
    // Password managers store what is in a password field.
    field.form?.addEventListener('submit', () => set(false));
    button.hidden = false;
  }

  // One submit at a time: the button says that it is at work.
  const busy = new Map(); // form → function that undoes it
  const release = () => {
    for (const undo of busy.values()) undo();
    busy.clear();
  };
  for (const form of all('form[method="post"]')) {
    form.addEventListener('submit', (event) => {
      if (busy.has(form)) {
        event.preventDefault();
        return;
      }
      const button = event.submitter ?? form.querySelector('button:not([type="button"])');
      const word = button?.textContent;
      if (button) {
        button.setAttribute('aria-disabled', 'true');
        if (button.dataset.busy) button.textContent = button.dataset.busy;
      }
      // An app on the device may open and leave this page where it is.
      const timer = setTimeout(release, 15000);
      busy.set(form, () => {
        clearTimeout(timer);
        button?.removeAttribute('aria-disabled');
        if (button?.dataset.busy) button.textContent = word;
      });
    });
  }
  addEventListener('pageshow', (event) => {
    release();
    // Back shows a page as it was left, where it may be a sign-in that is finished by now.
    if (event.persisted) location.reload();
  });

  // Hand over at once where the page is only a step on the way.
  document.querySelector('form[data-onward]')?.requestSubmit();
})();
