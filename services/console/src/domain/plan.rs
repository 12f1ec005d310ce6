//! The plans that a trial can be started with: the products' own names for them.

use pass_types::Product;

/// The plans of a product, the smallest first. Their names for people are in the locales, as
/// `plan-<product>-<plan>`.
#[must_use]
pub fn plans(product: Product) -> &'static [&'static str] {
    match product {
        Product::Backlog => &["starter", "standard", "premium"],
        Product::Cacoo => &["pro", "team"],
        Product::Typetalk => &["standard"],
    }
}

/// The plan that is chosen unless the person chooses another one.
#[must_use]
pub fn default_plan(product: Product) -> &'static str {
    match product {
        Product::Backlog | Product::Typetalk => "standard",
        Product::Cacoo => "team",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pass_types::PlanName;

    #[test]
    fn plans_are_plan_names() {
        for product in Product::ALL {
            assert!(plans(*product).contains(&default_plan(*product)));
            assert!(plans(*product).iter().all(|plan| plan.parse::<PlanName>().is_ok()));
        }
    }
}
