package sqlstore

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"gatehouse/idp"
)

// BenchmarkGrants shows what each verb of the token endpoint costs in the store.
func BenchmarkGrants(b *testing.B) {
	for _, backend := range backends {
		db := open(b, Options{URL: backend.url(b)})
		s := NewGrants(db)
		var n atomic.Int64
		create := func() *idp.Grant {
			g := &idp.Grant{ID: fmt.Sprint("g", n.Add(1)), State: idp.GrantActive, ClientID: "app", UserID: "u", Generation: 1, Scope: "openid"}
			if err := s.CreateGrant(b.Context(), g, time.Hour, time.Hour); err != nil {
				b.Fatal(err)
			}
			return g
		}
		for _, verb := range []struct {
			name string
			run  func(*idp.Grant) error
		}{
			{"CreateGrant", func(*idp.Grant) error { create(); return nil }},
			{"Grant", func(g *idp.Grant) error { _, err := s.Grant(b.Context(), g.ID); return err }},
			{"RotateRefresh", func(g *idp.Grant) error {
				next, err := s.RotateRefresh(b.Context(), idp.Rotation{GrantID: g.ID, ClientID: "app", Generation: g.Generation, RefreshTTL: time.Hour})
				if err == nil {
					g.Generation = next.Generation
				}
				return err
			}},
		} {
			b.Run(backend.name+"/"+verb.name, func(b *testing.B) {
				b.RunParallel(func(p *testing.PB) {
					g := create()
					for p.Next() {
						if err := verb.run(g); err != nil {
							b.Error(err)
							return
						}
					}
				})
			})
		}
	}
}
