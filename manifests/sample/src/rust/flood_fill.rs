use std::collections::VecDeque;

/// Repaints the connected area of one colour around a cell; returns how many cells it took.
pub fn flood_fill(grid: &mut [Vec<u8>], start: (usize, usize), colour: u8) -> usize {
    let old = grid[start.0][start.1];
    if old == colour {
        return 0;
    }
    let mut queue = VecDeque::from([start]);
    let mut painted = 0;
    while let Some((row, column)) = queue.pop_front() {
        if grid[row][column] != old {
            continue;
        }
        grid[row][column] = colour;
        painted += 1;
        if row > 0 {
            queue.push_back((row - 1, column));
        }
        if column > 0 {
            queue.push_back((row, column - 1));
        }
        if row + 1 < grid.len() {
            queue.push_back((row + 1, column));
        }
        if column + 1 < grid[row].len() {
            queue.push_back((row, column + 1));
        }
    }
    painted
}
