package account

import (
	"cmp"
	"context"
	"errors"

	"gatehouse/idp"
)

// reasonThrottled is what the audit log gives as the reason when no password was looked at.
const reasonThrottled = "throttled"

// noteSuccess writes the sign-in to the user's record and with it to the audit
// log. A success that could not be noted is logged, and stays one.
func (s *SignIn) noteSuccess(ctx context.Context, a Attempt, u *idp.User) {
	s.count(idp.TallySignIn)
	s.facts.success(ctx, fact{userID: u.ID, at: s.now(), act: s.act(ctx, a)})
}

// noteRefusal notes what was refused, and nothing of what failed. A password
// that was wrong goes to the record of the user, with the audit event; for a
// throttled try no record changes, and nobody has none.
func (s *SignIn) noteRefusal(ctx context.Context, a Attempt, u *idp.User, err error) {
	if !errors.Is(err, ErrBadCredentials) {
		return
	}
	s.count(idp.TallySignInFailed)
	act := s.act(ctx, a)
	looked := u != nil && !isThrottled(err)
	if looked && s.facts.failure(fact{userID: u.ID, at: s.now(), act: act}) || s.o.Audit == nil {
		return
	}
	// Never the login that was typed: people type passwords into the wrong field.
	target := idp.Target{Kind: "user"}
	if u != nil {
		target.ID, target.Name = u.ID, u.Username
	}
	if isThrottled(err) {
		act.Reason = reasonThrottled
	}
	s.o.Audit.Record(idp.NewEvent(idp.WithAct(ctx, act), s.now(), idp.ActionSignIn, target, idp.AuditRefused))
}

// act says where an attempt came from; who it was is known after it.
func (s *SignIn) act(ctx context.Context, a Attempt) idp.Act {
	known := idp.ActOf(ctx)
	return idp.Act{
		Kind: idp.ActorNobody, ClientID: known.ClientID,
		IP: cmp.Or(address(a.IP), known.IP), RequestID: cmp.Or(a.RequestID, known.RequestID),
	}
}

func (s *SignIn) count(kind idp.TallyKind) {
	if s.o.Counter != nil {
		s.o.Counter.Count(kind, "")
	}
}

func isThrottled(err error) bool {
	var throttled *ThrottledError
	return errors.As(err, &throttled)
}
