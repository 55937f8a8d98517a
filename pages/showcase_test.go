package pages

import (
	_ "embed"
	"time"
)

//go:embed testdata/showcase.html
var showcaseTemplates string

// NewWithShowcase is New with the templates of the pages below.
func NewWithShowcase(o Options) (*Renderer, error) { return build(o, showcaseTemplates) }

// ShowcaseRow is a person of the showcase's list.
type ShowcaseRow struct {
	ID, Name, Email, Role, Tone, Status string
	Last                                time.Time
	Sessions                            int
}

// ShowcaseListPage shows the parts of lists.
type ShowcaseListPage struct {
	List ListView
	Rows []ShowcaseRow
}

func (ShowcaseListPage) describe() description {
	return description{template: "showcase_list", title: text{key: "nav.users"}}
}

// ShowcaseFormPage shows the parts of forms.
type ShowcaseFormPage struct {
	Form  Form
	Roles []Option
}

func (p ShowcaseFormPage) describe() description {
	return description{template: "showcase_form", title: text{key: "nav.profile"}, failed: p.Form.Failed()}
}

// ShowcaseReviewPage shows the part review.
type ShowcaseReviewPage struct {
	Review Review
}

func (p ShowcaseReviewPage) describe() description {
	return description{template: "showcase_review", title: text{key: "list.review"}, failed: p.Review.Form.Failed()}
}

// ShowcaseBoardPage shows tiles, charts and what surrounds them.
type ShowcaseBoardPage struct {
	Charts []Chart
}

func (ShowcaseBoardPage) describe() description {
	return description{template: "showcase_board", title: text{key: "nav.overview"}}
}

// ShowcaseItemPage shows facts, tabs, badges, notices and a secret.
type ShowcaseItemPage struct {
	Secret string
	Last   time.Time
}

func (ShowcaseItemPage) describe() description {
	return description{template: "showcase_item", title: text{key: "nav.account"}}
}
