//! Units put together into tasks: engines of clusters want tasks of minutes, not of seconds.

/// How units become tasks. Those of a task follow each other in the plan, so that units that share
/// something costly are mostly made by one process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Tasks {
    /// Tasks of so many minutes of one core, as expected; no more of them than [`Tasks::MOST`].
    Minutes(f64),
    /// This number of tasks, of equal length as near as units allow.
    Count(usize),
}

impl Default for Tasks {
    fn default() -> Self {
        Self::Minutes(10.0)
    }
}

impl Tasks {
    /// The most tasks where only their length is given: Slurm's usual limit of an array is 1001.
    pub const MOST: usize = 1000;

    /// The task of each unit of these expected seconds, from 0 without a gap.
    pub fn assign(self, seconds: &[f64]) -> Vec<usize> {
        // A unit always counts for something, so that thousands of them are not one task.
        let costs: Vec<f64> = seconds.iter().map(|s| s.max(1e-6)).collect();
        let total: f64 = costs.iter().sum();
        let count = match self {
            Self::Minutes(minutes) => ((total / (60.0 * minutes)).round() as usize).min(Self::MOST),
            Self::Count(count) => count,
        };
        let count = count.clamp(1, costs.len().max(1));
        let mut tasks = Vec::with_capacity(costs.len());
        let (mut task, mut in_task, mut left) = (0, 0.0, total);
        for (index, cost) in costs.iter().enumerate() {
            // What is left is dealt out in equal parts, and no task stays without a unit.
            let part = (left + in_task) / (count - task) as f64;
            let full = in_task > 0.0 && in_task + 0.5 * cost > part;
            let needed = index > 0 && costs.len() - index < count - task;
            if task + 1 < count && (full || needed) {
                (task, in_task) = (task + 1, 0.0);
            }
            tasks.push(task);
            in_task += cost;
            left -= cost;
        }
        tasks
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_of_equal_length_and_have_no_gaps() {
        assert_eq!(Tasks::Count(3).assign(&[1.0; 6]), [0, 0, 1, 1, 2, 2]);
        assert_eq!(Tasks::Count(9).assign(&[1.0; 2]), [0, 1]);
        assert_eq!(Tasks::Minutes(1.0).assign(&[30.0; 4]), [0, 0, 1, 1]);
        // Units of very unequal length still make as many tasks as are asked for: the long one by
        // itself, and the others in two. Which of these two has one unit and which two is alike.
        for costs in [[500.0, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 500.0]] {
            let mut lengths = [0.0; 3];
            for (task, cost) in Tasks::Count(3).assign(&costs).into_iter().zip(costs) {
                lengths[task] += cost;
            }
            lengths.sort_by(f64::total_cmp);
            assert_eq!(lengths, [1.0, 2.0, 500.0]);
        }
        assert!(Tasks::default().assign(&[]).is_empty());
    }

    #[test]
    fn every_task_has_units_and_their_order_stays() {
        for count in 1..12 {
            for units in 1..30_usize {
                let costs: Vec<f64> = (0..units).map(|k| 10_f64.powi((k * 7 % 5) as i32)).collect();
                let tasks = Tasks::Count(count).assign(&costs);
                assert!(tasks.is_sorted(), "{tasks:?}");
                let last = tasks.last().map_or(0, |last| last + 1);
                assert_eq!(last, count.min(units), "{costs:?}: {tasks:?}");
                assert!((0..last).all(|task| tasks.contains(&task)), "{tasks:?}");
            }
        }
    }

    #[test]
    fn there_are_no_more_tasks_than_an_array_may_have() {
        let tasks = Tasks::Minutes(0.1).assign(&vec![60.0; 100_000]);
        assert_eq!(*tasks.last().unwrap() + 1, Tasks::MOST);
    }
}
