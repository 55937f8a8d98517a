package console

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/pages"
	"gatehouse/web"
)

const (
	// maxBulk is how many people an act reaches at once: what one request can do.
	maxBulk = 1000
	// maxPicked is how many can be chosen one by one: five pages of a list.
	maxPicked = 500
	// bulkShown is how many a review page names.
	bulkShown = 20
)

// bulkActs are what can be done with many people at once.
func (k *Console) bulkActs() map[string]func(c *gin.Context, u *idp.User) error {
	switched := func(to idp.UserStatus) func(*gin.Context, *idp.User) error {
		return func(c *gin.Context, u *idp.User) error {
			_, err := k.Users.SetStatusIf(c.Request.Context(), u.ID, time.Time{}, to, reachOther(c))
			return err
		}
	}
	return map[string]func(*gin.Context, *idp.User) error{
		"disable": switched(idp.UserDisabled),
		"enable":  switched(idp.UserActive),
		"end_sessions": func(c *gin.Context, u *idp.User) error {
			u, err := k.userOf(c.Request.Context(), u.ID) // many take a while
			if err == nil {
				err = reachOther(c)(u)
			}
			if err != nil {
				return err
			}
			_, err = k.Access.EndSessions(c.Request.Context(), u.ID, "")
			return err
		},
		"delete": func(c *gin.Context, u *idp.User) error {
			return k.Users.DeleteIf(c.Request.Context(), u.ID, reachOther(c))
		},
	}
}

const bulkDelete = "delete"

// pickLife is how long what was chosen one by one is kept for its review page.
const pickLife = 30 * time.Minute

// toReview leads to the review page of a choice. What was chosen one by one
// is kept for it: as an address it would be too long to come back to.
func (k *Console) toReview(c *gin.Context, to string, values url.Values) error {
	q := keep(values, "q", "status", "role", "act", "all")
	if ids := values["id"]; len(ids) > 0 && values.Get("all") != "1" {
		if len(ids) > maxPicked {
			return web.BadInput("more than %d were chosen one by one", maxPicked)
		}
		text, err := json.Marshal(ids)
		if err != nil {
			return err
		}
		q.Set("pick", rand.Text())
		if err := k.Notes.PutNote(c.Request.Context(), pickKey(c, q.Get("pick")), text, pickLife); err != nil {
			return err
		}
	}
	web.SeeOther(c, withQuery(to, q))
	return nil
}

// pickKey ties a choice to who made it.
func pickKey(c *gin.Context, name string) string {
	return "pick:" + web.Person(c).User.ID + ":" + name
}

// picks returns what toReview kept, nothing when it is too long ago.
func (k *Console) picks(c *gin.Context, name string) ([]string, error) {
	if name == "" || len(name) > 64 {
		return nil, nil
	}
	text, err := k.Notes.Note(c.Request.Context(), pickKey(c, name))
	if errors.Is(err, idp.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var ids []string
	return ids, json.Unmarshal(text, &ids)
}

// choice is whom an act on many reaches.
type choice struct {
	People []*idp.User
	// Self, Beyond and Gone count who is left out: the reader, those whom the
	// reader may not change, those who are no more.
	Self, Beyond, Gone int
	// TooMany says that more match than go at once; then People is empty.
	TooMany bool
}

// digest names the set of people, so that what is done is what was reviewed.
func (ch choice) digest() string {
	h := sha256.New()
	for _, u := range ch.People {
		h.Write([]byte(u.ID))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// chosen finds the people of a bulk form: those picked by ID, or all that match
// its filters. They come in the order of their usernames.
func (k *Console) chosen(c *gin.Context, values url.Values) (choice, error) {
	var found choice
	take := func(u *idp.User) {
		switch {
		case isSelf(c, u):
			found.Self++
		case !may(c).MayManage(u):
			found.Beyond++
		default:
			found.People = append(found.People, u)
		}
	}
	find := k.picked
	if values.Get("all") == "1" {
		find = k.matching
	}
	err := find(c.Request.Context(), values, &found, take)
	slices.SortFunc(found.People, func(a, b *idp.User) int { return strings.Compare(a.Username, b.Username) })
	return found, err
}

func (k *Console) picked(ctx context.Context, values url.Values, found *choice, take func(*idp.User)) error {
	ids := slices.Compact(slices.Sorted(slices.Values(values["id"])))
	if len(ids) > maxPicked {
		return web.BadInput("more than %d were chosen one by one", maxPicked)
	}
	for _, id := range ids {
		u, err := k.userOf(ctx, id)
		switch {
		case errors.Is(err, idp.ErrNotFound):
			found.Gone++
		case err != nil:
			return err
		default:
			take(u)
		}
	}
	return nil
}

func (k *Console) matching(ctx context.Context, values url.Values, found *choice, take func(*idp.User)) error {
	q := userQuery(values)
	q.Sort, q.After, q.Before, q.Limit = "", "", "", idp.MaxPage
	for seen := 0; ; {
		page, err := k.findUsers(ctx, q)
		if err != nil {
			return err
		}
		if seen += len(page.Items); seen > maxBulk || page.Total > maxBulk {
			*found = choice{TooMany: true}
			return nil
		}
		for _, u := range page.Items {
			take(u)
		}
		if q.After = page.Next; q.After == "" {
			return nil
		}
	}
}

// bulkReview shows whom an act would reach, and what it would do, before it does it.
func (k *Console) bulkReview(c *gin.Context) error {
	query, err := web.ReadQuery(c.Request)
	if err != nil {
		return err
	}
	if query.Has("id") {
		return k.toReview(c, c.Request.URL.Path, query)
	}
	if query["id"], err = k.picks(c, query.Get("pick")); err != nil {
		return err
	}
	act := query.Get("act")
	list := withQuery(routeUsers, filtersOf(query))
	if k.bulkActs()[act] == nil {
		return k.Done(c, list, pages.Toast{Key: "people.toast.no_act", Tone: "warn"})
	}
	if len(query["id"]) == 0 && query.Get("all") != "1" {
		return k.Done(c, list, pages.Toast{Key: "people.toast.no_pick", Tone: "warn"})
	}
	found, err := k.chosen(c, query)
	if err != nil {
		return err
	}
	p := pages.UsersReviewPage{
		Act: act, Max: maxBulk, Back: list,
		Skipped: skipped(found, "people.skipped.self", "people.skipped.beyond", "people.skipped.gone"),
	}
	switch {
	case found.TooMany:
		p.None = "too_many"
	case len(found.People) == 0:
		p.None = "nobody"
	default:
		if act == bulkDelete {
			if err := k.FreshSignIn(c); err != nil {
				return err
			}
		}
		if p.Review, err = k.bulkQuestion(c, act, query, found); err != nil {
			return err
		}
		p.Review.Cancel = list
	}
	return k.Show(c, http.StatusOK, p)
}

func (k *Console) bulkQuestion(c *gin.Context, act string, query url.Values, found choice) (pages.Review, error) {
	n := len(found.People)
	r := pages.Review{
		Hidden:       bulkFields(act, query, found),
		More:         max(0, n-bulkShown),
		Consequences: []pages.Text{pages.Counted("people.bulk."+act+".what", n)},
		Submit:       "people.bulk." + act + ".submit",
	}
	for _, u := range found.People[:min(n, bulkShown)] {
		r.Items = append(r.Items, called(u))
	}
	if act == bulkDelete {
		r.Final, r.Reason, r.Match = true, true, bulkMatch(found)
	}
	var err error
	r.Form, err = k.FormState(c, routeUsers+"/bulk/confirm", url.Values{})
	return r, err
}

// bulkMatch is what has to be typed before many are deleted. It is the same in every language.
func bulkMatch(found choice) string { return fmt.Sprintf("delete %d", len(found.People)) }

// bulkFields carry the choice over to the act: the people by ID, or the filters
// with the digest of those who matched.
func bulkFields(act string, query url.Values, found choice) []pages.Field {
	out := []pages.Field{{Name: "act", Value: act}, {Name: "set", Value: found.digest()}}
	if query.Get("all") != "1" {
		for _, u := range found.People {
			out = append(out, pages.Field{Name: "id", Value: u.ID})
		}
		return out
	}
	out = append(out, pages.Field{Name: "all", Value: "1"})
	for name, v := range filtersOf(query) {
		out = append(out, pages.Field{Name: name, Value: v[0]})
	}
	return out
}

// filtersOf are the parameters of the list of people that say who is looked for.
func filtersOf(query url.Values) url.Values { return keep(query, "q", "status", "role") }

// skipped counts who was chosen and is left out, in the messages of the keys.
func skipped(found choice, self, beyond, gone string) []pages.Text {
	var out []pages.Text
	for _, one := range []struct {
		key string
		n   int
	}{{self, found.Self}, {beyond, found.Beyond}, {gone, found.Gone}} {
		if one.n > 0 {
			out = append(out, pages.Counted(one.key, one.n))
		}
	}
	return out
}

// bulkDo does what was reviewed. Each person's rules are asked once more; the
// one whom a rule protects by then stays as they are, and it is told.
func (k *Console) bulkDo(c *gin.Context) error {
	values, err := k.Form(c)
	if err != nil {
		return err
	}
	name := values.Get("act")
	act := k.bulkActs()[name]
	if act == nil {
		return web.BadInput("there is no such act")
	}
	return k.Once(c, values, func() (string, error) {
		found, err := k.chosen(c, values)
		if err != nil {
			return "", err
		}
		if found.digest() != values.Get("set") || len(found.People) == 0 {
			return "", k.Refuse(c, values, idp.ErrStale)
		}
		if name == bulkDelete {
			if err := k.FreshSignIn(c); err != nil {
				return "", err
			}
			if err := confirmed(values, bulkMatch(found)); err != nil {
				return "", k.Refuse(c, values, err)
			}
			k.WithReason(c, values.Get("reason"))
		}
		done, err := doAll(c, found.People, act)
		if err != nil {
			return "", err
		}
		to := withQuery(routeUsers, filtersOf(values))
		return to, k.Done(c, to, bulkToast(name, done, len(found.People)))
	})
}

// doAll goes on over those whom a rule protects, and stops when a store fails:
// the act may then be asked for again. It does not stop for a browser that went away.
func doAll(c *gin.Context, people []*idp.User, act func(*gin.Context, *idp.User) error) (done int, err error) {
	c.Request = c.Request.WithContext(context.WithoutCancel(c.Request.Context()))
	for _, u := range people {
		switch err := act(c, u); {
		case err == nil:
			done++
		case errors.Is(err, idp.ErrNotFound), errors.Is(err, idp.ErrLastAdmin),
			errors.Is(err, errSelf), errors.Is(err, errNotAllowed), errors.Is(err, idp.ErrStale):
		default:
			return done, err
		}
	}
	return done, nil
}

func bulkToast(act string, done, asked int) pages.Toast {
	if done == asked {
		return pages.Toast{Key: "people.toast.bulk." + act, Count: done}
	}
	return pages.Toast{
		Key: "people.toast.bulk_some", Tone: "warn", Args: map[string]string{"Done": strconv.Itoa(done), "Asked": strconv.Itoa(asked)},
	}
}
