package sqlstore

import (
	"context"

	"gatehouse/idp"
)

// Images keeps small pictures; it is an idp.ImageStore.
type Images struct{ db aggregate }

// NewImages returns the store of pictures of the database.
func NewImages(db *DB) *Images { return &Images{aggregate{db, "images"}} }

// PutImage implements idp.ImageStore.
func (s *Images) PutImage(ctx context.Context, i *idp.Image) error {
	return s.db.do(ctx, "PutImage", func() error {
		_, err := s.db.write.exec(ctx, `INSERT INTO images (id, type, data) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING`,
			i.ID, i.Type, bytesOf(i.Data))
		return err
	})
}

// Image implements idp.ImageStore.
func (s *Images) Image(ctx context.Context, id string) (*idp.Image, error) {
	if !storable(id) {
		return nil, idp.ErrNotFound
	}
	return records[idp.Image]{s.db, func(i *idp.Image) scanner { return into(&i.ID, &i.Type, &i.Data) }}.one(ctx, "Image",
		`SELECT id, type, data FROM images WHERE id = $1`, id)
}

// bytesOf passes bytes, never NULL.
func bytesOf(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
