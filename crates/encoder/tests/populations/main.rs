//! Networks of any populations against NEST, against theory, and against themselves.

mod activity;
mod bits;
mod connections;
mod diagnosis;
mod images;
mod learning;
mod neurons;
mod settings;

use std::ops::ControlFlow;

use equipoise_encoder::network::{Distribution, Parameter};
use equipoise_encoder::populations::{
    Adaptation, Background, Model, Neuron, Plasticity, Population, Precision, Projection, Rule,
    Settings, Sign, Source,
};

fn go_on(_: f64) -> ControlFlow<()> {
    ControlFlow::Continue(())
}

fn constant(source: &str, target: &str, connect: Rule, weight: f64, delay: f64) -> Projection {
    Projection {
        source: source.into(),
        target: target.into(),
        connect,
        weight: weight.into(),
        delay: delay.into(),
        plasticity: None,
    }
}

fn sources(name: &str, sign: Sign, size: usize) -> Population {
    Population { sign, source: Some(Source { rate: 0.0 }), ..Population::new(name, size) }
}

/// Two populations of two models, sources, drawn constants, several rules and delays.
fn mixed(precision: Precision) -> Settings {
    let normal = |mean: f64, sd: f64| Parameter::Drawn(Distribution::Normal { mean, sd });
    let adapting = Neuron {
        threshold: normal(-50.0, 1.0),
        adaptation: Some(Adaptation { increment: 20.0, tau: 100.0 }),
        ..Neuron::default()
    };
    let conductance = Neuron {
        model: Model::Conductance,
        tau_excitatory: 2.0,
        tau_inhibitory: 5.0,
        refractory: 1.0.into(),
        ..Neuron::default()
    };
    let drive = |rate: f64, weight: f64| vec![Background { rate, weight }];
    let mut settings = Settings {
        precision,
        populations: vec![
            Population {
                neuron: adapting,
                background: drive(14_000.0, 90.0),
                initial_potential: Some(normal(-60.0, 5.0)),
                ..Population::new("E", 1500)
            },
            Population { source: Some(Source { rate: 5.0 }), ..Population::new("image", 100) },
            Population {
                neuron: conductance,
                background: drive(4000.0, 2.0),
                ..Population::inhibitory("I", 600)
            },
        ],
        ..Settings::default()
    };
    let in_degree = Rule::InDegree { synapses: 40, multapses: false, autapses: false };
    let probability = Rule::Probability { probability: 0.1, autapses: false };
    let total = Rule::TotalNumber { synapses: None, probability: Some(0.1) };
    for (source, target, connect, weight, delay) in [
        ("E", "E", total, normal(60.0, 6.0), normal(1.5, 0.75)),
        ("E", "I", in_degree, 0.5.into(), normal(1.5, 0.75)),
        ("I", "E", probability, normal(200.0, 60.0), 0.8.into()),
        ("I", "I", in_degree, 2.0.into(), 0.8.into()),
        ("image", "E", total, 300.0.into(), 1.0.into()),
    ] {
        let (source, target) = (source.into(), target.into());
        settings.projections.push(Projection {
            source,
            target,
            connect,
            weight,
            delay,
            plasticity: None,
        });
    }
    settings.projections[2].plasticity = Some(Plasticity::Inhibitory {
        learning_rate: 1.0,
        target_rate: 10.0,
        tau: 20.0,
        most: 1000.0,
    });
    settings
}
