package pages

// toastView is a Toast in words, with the form that takes back.
type toastView struct {
	Text string
	Warn bool
	Undo *Undo
	CSRF string
	Back string
}

func (s *speaker) toast(shell *Shell) (*toastView, error) {
	t := shell.Toast
	if t == nil {
		return nil, nil //nolint:nilnil // no toast, and none to show
	}
	said, err := s.say(Text{Key: t.Key, Args: t.Args, Count: t.Count, Counted: t.Count != 0}.text())
	return &toastView{Text: said, Warn: t.Tone == "warn", Undo: t.Undo, CSRF: shell.CSRF, Back: shell.back()}, err
}
