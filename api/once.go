package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gatehouse/web"
)

const headerOnce = "Idempotency-Key"

const (
	// answerLife is how long a repeated call gets the first one's answer.
	answerLife = 24 * time.Hour
	// runningLife ends the claim of a call that never came to an end, as when
	// its instance died. No call takes as long.
	runningLife = 2 * time.Minute
	maxOnceKey  = 128
)

// note is what lies under an Idempotency-Key.
type note struct {
	Call string `json:"call"` // digest of what was asked
	// Answer is the answer, sealed, since some hold a secret; empty while the first call runs.
	Answer []byte `json:"answer,omitempty"`
}

// onceKey reads an Idempotency-Key: a string in quotes, as the draft has it, or
// the bare characters that many send. "" when there is none.
func onceKey(headers []string) (string, error) {
	if len(headers) == 0 {
		return "", nil
	}
	key := headers[0]
	if inner, quoted := strings.CutPrefix(key, `"`); quoted {
		key = strings.TrimSuffix(inner, `"`)
		if len(key) == len(inner) {
			key = "" // no second quote
		}
	}
	bad := strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' })
	if key == "" || len(key) > maxOnceKey || len(headers) > 1 || bad {
		return "", web.BadInput("Idempotency-Key must be 1 to %d visible characters, best a UUID", maxOnceKey)
	}
	return key, nil
}

// once does a call at most once for each key of a caller: a repetition gets the
// answer of the first. Only what succeeded is kept, so what was refused can be
// mended and sent again under the same key.
func (a *API) once(c *call, key string, do func() (*reply, error)) (*reply, error) {
	ctx := c.ctx()
	name := "api:once:" + digest(c.caller(), key)
	asked := digest(c.route.Method, c.gin.Request.URL.RequestURI(), string(c.body))
	claim, err := json.Marshal(note{Call: asked})
	if err != nil {
		return nil, err
	}
	first, standing, err := a.Notes.AddNote(ctx, name, claim, runningLife)
	switch {
	case err != nil:
		return nil, err
	case !first:
		return a.again(standing, name, asked)
	}
	answer, err := do()
	if err != nil {
		// The claim must go even when the caller did.
		return nil, errors.Join(err, a.Notes.DropNote(context.WithoutCancel(ctx), name))
	}
	if err := a.remember(context.WithoutCancel(ctx), name, asked, answer); err != nil {
		// It is done: to answer with an error would be wrong, and would lose the secret in the answer.
		a.Log.WarnContext(ctx, "the answer to a call with an idempotency key could not be kept", "error", err)
	}
	return answer, nil
}

func (a *API) remember(ctx context.Context, name, asked string, answer *reply) error {
	text, err := json.Marshal(answer)
	if err != nil {
		return err
	}
	done, err := json.Marshal(note{Call: asked, Answer: a.Seal(text, name)})
	if err != nil {
		return err
	}
	return a.Notes.PutNote(ctx, name, done, answerLife)
}

// again answers a call whose key was used before.
func (a *API) again(standing []byte, name, asked string) (*reply, error) {
	var n note
	if err := json.Unmarshal(standing, &n); err != nil {
		return nil, fmt.Errorf("read the note of an idempotency key: %w", err)
	}
	switch {
	case n.Call != asked:
		return nil, refuse(http.StatusUnprocessableEntity, "key_reused", "this Idempotency-Key was used for another call; take a new one")
	case len(n.Answer) == 0:
		return nil, &web.ProblemError{
			Status: http.StatusConflict, Code: "still_running", RetryAfter: time.Second,
			Detail: "the first call with this Idempotency-Key is still running",
		}
	}
	text, err := a.Unseal(n.Answer, name)
	if err != nil {
		return nil, err
	}
	answer := &reply{}
	if err := json.Unmarshal(text, answer); err != nil {
		return nil, fmt.Errorf("read the answer under an idempotency key: %w", err)
	}
	return answer, nil
}

func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		_, _ = fmt.Fprintf(h, "%d:%s", len(p), p) // the length keeps "a"+"bc" apart from "ab"+"c"
	}
	return hex.EncodeToString(h.Sum(nil))
}
