package retry

import (
	"context"
	"math/rand/v2"
	"time"
)

// Do runs the attempt until it succeeds, waiting longer each time and never the same.
func Do(ctx context.Context, tries int, base time.Duration, attempt func() error) error {
	var err error
	for try := range tries {
		if err = attempt(); err == nil {
			return nil
		}
		wait := time.Duration(rand.Int64N(int64(base<<try) + 1))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return err
}
