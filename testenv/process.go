package testenv

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is a folder and, while it runs, a server in it that writes to the file log there.
type process struct {
	dir  string
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
}

// run starts the server and waits until it is ready or has ended. whenDead is as in start.
func (p *process) run(cmd *exec.Cmd, whenDead syscall.Signal, limit time.Duration, ready func() error) error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	cmd.Dir, cmd.Stdout, cmd.Stderr = p.dir, log, log
	if err := start(cmd, whenDead); err != nil {
		return err
	}
	done := make(chan struct{})
	go func() { _ = cmd.Wait(); close(done) }()
	p.cmd, p.done = cmd, done
	err = eventually(limit, func() error {
		select {
		case <-done:
			return nil // looked at below
		default:
		}
		return ready()
	})
	select {
	case <-done:
		p.cmd = nil
		text, _ := os.ReadFile(log.Name())
		return fmt.Errorf("%s ended at once: %s", filepath.Base(cmd.Path), text[max(0, len(text)-2000):])
	default:
	}
	return err
}

// end signals the server and waits until it is gone. No error when it is not running.
func (p *process) end(sig syscall.Signal) error {
	if p.cmd == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		p.cmd = nil
		return nil
	case <-time.After(20 * time.Second):
		return fmt.Errorf("%s does not end", filepath.Base(p.cmd.Path))
	}
}
