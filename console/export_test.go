package console

import (
	"errors"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"gatehouse/idp"
	"gatehouse/web"
)

// numbers is a list of n items, in pages of 500; it keeps none of them.
func numbers(n int, fails error) func(after string) (idp.Page[int], error) {
	return func(after string) (idp.Page[int], error) {
		begin, _ := strconv.Atoi(after)
		if fails != nil && begin >= 1000 {
			return idp.Page[int]{}, fails
		}
		p := idp.Page[int]{}
		for i := begin; i < min(begin+exportPage, n); i++ {
			p.Items = append(p.Items, i)
		}
		if begin+exportPage < n {
			p.Next = strconv.Itoa(begin + exportPage)
		}
		return p, nil
	}
}

func cell(i int) []string { return []string{strconv.Itoa(i)} }

func TestEverythingHasACap(t *testing.T) {
	for n, want := range map[int]int{0: 0, 1: 1, 500: 500, 501: 501, maxRows: maxRows, maxRows + 1: maxRows + 1, maxRows + 5000: maxRows + 1} {
		rows, last := 0, ""
		for row, err := range allRows(numbers(n, nil), cell) {
			if err != nil {
				t.Fatal(err)
			}
			rows, last = rows+1, row[0]
		}
		if rows != want || (n > maxRows) != strings.Contains(last, "200000 rows") {
			t.Errorf("%d give %d rows, the last is %q", n, rows, last)
		}
	}
}

func TestEverythingStops(t *testing.T) {
	broken := errors.New("broken")
	rows := 0
	var failed error
	for _, err := range allRows(numbers(5000, broken), cell) {
		if failed = err; err == nil {
			rows++
		}
	}
	if rows != 1000 || !errors.Is(failed, broken) {
		t.Errorf("%d rows, %v", rows, failed)
	}
	rows = 0
	for range allRows(numbers(5000, nil), cell) {
		if rows++; rows == 7 {
			break
		}
	}
}

// TestEverythingKeepsNothing: what a long export holds in memory does not grow with it.
func TestEverythingKeepsNothing(t *testing.T) {
	var before, during runtime.MemStats
	rows, most := 0, uint64(0)
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range allRows(numbers(maxRows, nil), cell) {
		if rows++; rows%50_000 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&during)
			most = max(most, during.HeapAlloc)
		}
	}
	if grown := int64(most) - int64(before.HeapAlloc); rows != maxRows || grown > 1<<20 {
		t.Errorf("%d rows, %d bytes more", rows, grown)
	}
}

func TestSafeCells(t *testing.T) {
	for cell, want := range map[string]string{
		"": "", "a": "a", "=1": "'=1", "+1": "'+1", "-1": "'-1", "@a": "'@a", "\ta": "'\ta", "\ra": "'\ra", "a=1": "a=1", "'=1": "'=1", " =1": " =1", "é": "é",
		"a;=1": "a;'=1", "a; =1;b": "a; =1;b", "a\n-1": "a\n'-1", "=1;@b": "'=1;'@b", "a\t'+1": "a\t''+1",
	} {
		if got := safeCells([]string{cell, "b"}); !slices.Equal(got, []string{want, "b"}) {
			t.Errorf("%q becomes %q", cell, got)
		}
	}
}

// told remembers what was recorded.
type told struct{ events []*idp.AuditEvent }

func (r *told) Record(e *idp.AuditEvent) { r.events = append(r.events, e) }

// download sends rows over HTTP, as a handler does.
func download(t *testing.T, rows iter.Seq2[[]string, error]) (*http.Response, []byte, *told, error) {
	t.Helper()
	gin.SetMode(gin.TestMode)
	recorded := &told{}
	k := &Console{Options: Options{Now: time.Now}, Site: &web.Site{Options: web.Options{Audit: recorded}}}
	e := gin.New()
	e.GET("/list.csv", func(c *gin.Context) {
		c.Set("record", &web.Record{})
		if err := k.sendCSV(c, export{Name: "list", Action: idp.ActionUsersExport, Header: []string{"n"}, Rows: rows}); err != nil {
			c.String(http.StatusServiceUnavailable, "not now")
		}
	})
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/list.csv?q=a", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res, body, recorded, err
}

func TestSendCSV(t *testing.T) {
	res, body, recorded, err := download(t, allRows(numbers(1234, nil), cell))
	if err != nil || res.StatusCode != http.StatusOK || strings.Count(string(body), "\n") != 1235 || !strings.HasPrefix(string(body), "n\n0\n1\n") {
		t.Errorf("%v, %d, %d bytes: %.20q", err, res.StatusCode, len(body), body)
	}
	if !slices.Equal(res.TransferEncoding, []string{"chunked"}) {
		t.Errorf("it was not streamed: %v", res.TransferEncoding)
	}
	if len(recorded.events) != 1 || recorded.events[0].Action != idp.ActionUsersExport || recorded.events[0].Target.Name != "q=a" {
		t.Errorf("recorded: %+v", recorded.events)
	}
	if _, body, _, err := download(t, allRows(numbers(0, nil), cell)); err != nil || string(body) != "n\n" {
		t.Errorf("an empty list gives %q, %v", body, err)
	}
}

// A failure before the first row is told as such; after it the download breaks
// off, and what came is seen to be a part.
func TestSendCSVFails(t *testing.T) {
	res, body, recorded, err := download(t, func(yield func([]string, error) bool) { yield(nil, idp.ErrUnavailable) })
	if err != nil || res.StatusCode != http.StatusServiceUnavailable || len(recorded.events) != 0 {
		t.Errorf("%v, %d %q, %v", err, res.StatusCode, body, recorded.events)
	}
	_, body, recorded, err = download(t, allRows(numbers(5000, idp.ErrUnavailable), cell))
	if err == nil || len(body) == 0 || len(recorded.events) != 1 {
		t.Errorf("%v, %d bytes, %v", err, len(body), recorded.events)
	}
}
