package redisstore

import (
	"errors"
	"net"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
)

func TestParseURL(t *testing.T) {
	for _, c := range []struct {
		url  string
		want redis.UniversalOptions
		tls  bool
	}{
		{url: "redis://localhost", want: redis.UniversalOptions{Addrs: []string{"localhost:6379"}}},
		{url: "REDIS://localhost:7000/", want: redis.UniversalOptions{Addrs: []string{"localhost:7000"}}},
		{url: "redis://10.0.0.1:7000/15", want: redis.UniversalOptions{Addrs: []string{"10.0.0.1:7000"}, DB: 15}},
		{url: "redis://[::1]/2", want: redis.UniversalOptions{Addrs: []string{"[::1]:6379"}, DB: 2}},
		{url: "redis://[2001:db8::1]:7000", want: redis.UniversalOptions{Addrs: []string{"[2001:db8::1]:7000"}}},
		{url: "redis://:se%40cret%2F%3F@h_1.example", want: redis.UniversalOptions{Addrs: []string{"h_1.example:6379"}, Password: "se@cret/?"}},
		{url: "rediss://ada:p%3Aw@h", want: redis.UniversalOptions{Addrs: []string{"h:6379"}, Username: "ada", Password: "p:w"}, tls: true},
		{url: "redis://ada:p@w@h", want: redis.UniversalOptions{Addrs: []string{"h:6379"}, Username: "ada", Password: "p@w"}},
		{url: "redis+sentinel://a,b:1234,[::1]/mine", want: redis.UniversalOptions{
			Addrs: []string{"a:26379", "b:1234", "[::1]:26379"}, MasterName: "mine",
		}},
		{url: "rediss+sentinel://u:p@a/mine/3?sentinel_password=s%26&sentinel_username=w", want: redis.UniversalOptions{
			Addrs: []string{"a:26379"}, MasterName: "mine", DB: 3, Username: "u", Password: "p", SentinelUsername: "w", SentinelPassword: "s&",
		}, tls: true},
		{url: "redis+cluster://a:1,b:2,c", want: redis.UniversalOptions{Addrs: []string{"a:1", "b:2", "c:6379"}, IsClusterMode: true}},
		{url: "rediss+cluster://:p@only/0", want: redis.UniversalOptions{Addrs: []string{"only:6379"}, IsClusterMode: true, Password: "p"}, tls: true},
	} {
		t.Run(c.url, func(t *testing.T) {
			got, err := ParseURL(c.url)
			if err != nil {
				t.Fatal(err)
			}
			if (got.TLSConfig != nil) != c.tls {
				t.Errorf("TLS = %t, want %t", got.TLSConfig != nil, c.tls)
			}
			got.TLSConfig = nil
			if !reflect.DeepEqual(*got, c.want) {
				t.Errorf("got %+v\nwant %+v", *got, c.want)
			}
		})
	}
}

// TestParseURLFaults: each fault is named, and no password comes back in the text.
func TestParseURLFaults(t *testing.T) {
	const secret = "hunter2"
	for _, c := range []struct{ url, want string }{
		{"", "must begin with"},
		{secret, "must begin with"},
		{"localhost:6379", "must begin with"},
		{"http://:hunter2@h", "must begin with"},
		{"redis:/h", "must begin with"},
		{"redis://", "name hosts"},
		{"redis://:hunter2@", "name hosts"},
		{"redis://:hunter2@h:0", "name hosts"},
		{"redis://:hunter2@h:65536", "name hosts"},
		{"redis://:hunter2@h:port", "name hosts"},
		{"redis://:hunter2@h:1:2", "name hosts"},
		{"redis://:hunter2@::1", "name hosts"},
		{"redis://[::1", "name hosts"},
		{"redis://[nonsense::hunter2]", "name hosts"},
		{"redis://h o", "name hosts"},
		{"redis://:x/hunter2@h", "name hosts"},
		{"redis://:hunter2%zz@h", "percent-encode"},
		{"redis://:hunter2\n@h", "percent-encode"},
		{"redis://hunter2@h", "no password"},
		{"redis://h/hunter2", "not a number"},
		{"redis://h/-1", "not a number"},
		{"redis://h/1/2", "not a number"},
		{"redis://h#hunter2", "#"},
		{"redis://h?password=hunter2", "options"},
		{"redis://h?%zz=hunter2", "options"},
		{"redis://h?sentinel_password=hunter2", "options"},
		{"redis://a,b", "several hosts"},
		{"redis+sentinel://:hunter2@h", "name of the master"},
		{"redis+sentinel://:hunter2@h//1", "name of the master"},
		{"redis+sentinel://a,,b/m", "name hosts"},
		{"redis+sentinel://a/m/hunter2", "not a number"},
		{"redis+sentinel://a/m?sentinel_password=1&sentinel_password=hunter2", "options"},
		{"redis+cluster://a,b/1", "must not name a database"},
		{"redis+cluster://a?db=1", "options"},
	} {
		t.Run(c.url, func(t *testing.T) {
			_, err := ParseURL(c.url)
			if !errors.Is(err, ErrURL) || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error is %v, want one about %q", err, c.want)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error tells the password: %v", err)
			}
		})
	}
}

// FuzzParseURL: no input panics, the error repeats nothing of it, and what is accepted can be dialled.
func FuzzParseURL(f *testing.F) {
	for _, seed := range []string{
		"redis://localhost", "rediss://u:p@[::1]:6379/3", "redis+sentinel://u:p@a:1,b:2/m/0?sentinel_password=x",
		"rediss+cluster://a,b:7000,[2001:db8::1]:1", "redis://:pa/ss@h", "redis://%zz@h", "redis://a:b:c@d:e:1/#?", "redis://\x00", "://",
	} {
		f.Add(seed)
	}
	reasons := map[string]bool{}
	f.Fuzz(func(t *testing.T, raw string) {
		o, err := ParseURL(raw)
		if err != nil {
			if !errors.Is(err, ErrURL) || len(err.Error()) > 200 {
				t.Fatalf("error is %q", err)
			}
			// The texts are fixed, so no input can show in one.
			reasons[err.Error()] = true
			if len(reasons) > 12 {
				t.Fatalf("more reasons than there are: %q", err)
			}
			return
		}
		if len(o.Addrs) == 0 || o.DB < 0 || (o.IsClusterMode && (o.DB != 0 || o.MasterName != "")) {
			t.Fatalf("accepted %+v", o)
		}
		for _, address := range o.Addrs {
			host, port, err := net.SplitHostPort(address)
			n, portErr := strconv.Atoi(port)
			if err != nil || portErr != nil || host == "" || n < 1 || n > 65535 {
				t.Fatalf("accepted the address %q", address)
			}
		}
	})
}
