//! Methods whose bodies are compiled for an instruction set.

/// Methods of an implementation, given as functions whose bodies may use the intrinsics of these
/// target features without `unsafe`:
///
/// ```text
/// operations! { "avx2", self: Type: fn name(a: Type, b: Type) -> Type { ... } }
/// ```
///
/// becomes `fn name(self, b: Type) -> Type`. Every function takes a token of the instruction set or
/// a vector of it, as its first argument.
macro_rules! operations {
    ($features:tt: $(
        fn $name:ident ($first:ident: $type:ty $(, $arg:ident: $arg_type:ty)*) $(-> $out:ty)?
        $body:block
    )*) => {$(
        #[inline(always)]
        fn $name (self $(, $arg: $arg_type)*) $(-> $out)? {
            #[target_feature(enable = $features)]
            #[inline]
            fn compiled ($first: $type $(, $arg: $arg_type)*) $(-> $out)? $body
            // SAFETY: `self` is a token or a vector of this instruction set, and there is one only
            // where the processor has it.
            unsafe { compiled (self $(, $arg)*) }
        }
    )*};
}

/// Implementations of binary operators, in the same way.
macro_rules! operators {
    ($features:tt: $(
        $trait:ident for $type:ty: fn $name:ident($a:ident, $b:ident) $body:block
    )*) => {$(
        impl $trait for $type {
            type Output = $type;
            operations! { $features: fn $name($a: $type, $b: $type) -> $type $body }
        }
    )*};
}
