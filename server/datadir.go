package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/gofrs/flock"

	"gatehouse/oauth"
)

// prepareDataDir makes the data folder, for the owner alone.
func prepareDataDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("GATEHOUSE_DATA_DIR: %w", err)
	}
	return nil
}

// lacksMasterKey reports whether none is configured and none is in the data folder.
func lacksMasterKey(c *Config) bool {
	if c.MasterKey != "" {
		return false
	}
	_, err := os.Stat(c.masterKeyFile())
	return errors.Is(err, fs.ErrNotExist)
}

// errLostMasterKey says that the signing keys are there and what opens them is not.
func errLostMasterKey(c *Config) error {
	return fmt.Errorf("%s is not there, and the signing keys in the database were sealed with it: put it back from your backup, or set GATEHOUSE_MASTER_KEY", c.masterKeyFile())
}

func (c *Config) masterKeyFile() string { return c.dataFile("master.key") }

// LacksDatabase reports whether the embedded database in the data folder is still to be made.
func LacksDatabase(c *Config) bool {
	if c.DatabaseURL != "" {
		return false
	}
	_, err := os.Stat(c.dataFile("gatehouse.db"))
	return errors.Is(err, fs.ErrNotExist)
}

// masterKeys returns the configured master keys, or with SQLite those of the
// file in the data folder, which is made when there is none.
func masterKeys(c *Config) (oauth.MasterKeys, error) {
	if c.MasterKey != "" {
		return oauth.ParseMasterKeys(string(c.MasterKey))
	}
	if err := prepareDataDir(c.DataDir); err != nil {
		return oauth.MasterKeys{}, err
	}
	path := c.masterKeyFile()
	text, err := readSecretFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		text, err = makeMasterKey(c, path)
	}
	if err != nil {
		return oauth.MasterKeys{}, fmt.Errorf("master key: %w", err)
	}
	keys, err := oauth.ParseMasterKeys(strings.TrimSpace(text))
	if err != nil {
		return oauth.MasterKeys{}, fmt.Errorf("master key in %s: %w", path, err)
	}
	return keys, nil
}

// makeMasterKey writes a new key. Of several processes that start at once, one
// makes it and the others read it.
func makeMasterKey(c *Config, path string) (string, error) {
	lock := flock.New(c.dataFile("master.key.lock"), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return "", err
	}
	defer lock.Close()
	if text, err := readSecretFile(path); !errors.Is(err, fs.ErrNotExist) {
		return text, err
	}
	if err := writeFile(path, oauth.GenerateMasterKey()+"\n"); err != nil {
		return "", err
	}
	return readSecretFile(path)
}

// writeFile writes a file for the owner alone, whole or not at all: a crash
// leaves no half of a key.
func writeFile(path, text string) error {
	temp, err := writeTemp(path, text)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, path); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return syncDir(filepath.Dir(path))
}

func writeTemp(path, text string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	return f.Name(), nil
}

func syncDir(dir string) error {
	d, err := os.Open(filepath.Clean(dir))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
